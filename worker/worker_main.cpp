// emostage-worker: runs leased turns on language models.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "core/config/settings.hpp"
#include "core/log/log.hpp"
#include "worker/pipeline/pipeline.hpp"
#include "worker/shell/pool.hpp"
#include "worker/shell/worker_options.hpp"

namespace {

std::string host_name() {
    char name[256] = {};
    return gethostname(name, sizeof name - 1) == 0 ? name : "worker";
}

int refuse(const emostage::Error& error) {
    std::fprintf(stderr, "emostage-worker: %s\n", error.message.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace emostage;
    worker::WorkerOptions options;
    const auto request =
        worker::load_worker_options({argv + 1, argv + argc}, config::process_environment,
                                    host_name(), static_cast<int>(getpid()), options);
    if (!request) return refuse(request.error());
    if (request->kind == config::Request::Kind::show) {
        std::fputs(request->text.c_str(), stdout);
        return 0;
    }
    auto pipelines = worker::load_pipelines(options.pipelines);
    if (!pipelines) return refuse(pipelines.error());
    if (request->kind == config::Request::Kind::check) {
        std::printf("the configuration and %zu pipelines are right\n", pipelines->size());
        return 0;
    }
    const log::Writer writer(options.log);
    const auto ended = worker::run_pool(
        options, std::make_shared<const worker::PipelineSet>(std::move(*pipelines)));
    return ended ? 0 : refuse(ended.error());
}
