#include "worker/pipeline/pipeline.hpp"

#include <algorithm>
#include <filesystem>

#include "core/config/nearest.hpp"
#include "core/config/yaml_reader.hpp"
#include "worker/pipeline/pipeline_reader.hpp"

namespace emostage::worker {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t files_max = 4096;  // looked at below the pipelines directory
constexpr std::size_t name_bytes_max = 64;
constexpr char pipeline_file[] = "pipeline.yaml";

bool is_pipeline_name(const std::string& text) {
    const bool letters = std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    return letters && !text.empty() && text.size() <= name_bytes_max;
}

// Prompts below a folder. A link that leads out of it is not followed.
class PromptFolder final : public PromptFiles {
public:
    explicit PromptFolder(fs::path root) : root_(std::move(root)) {
        std::error_code failure;
        real_root_ = fs::canonical(root_, failure);
    }

    bool exists(const std::string& path) const override {
        std::error_code failure;
        const fs::path real = fs::canonical(root_ / path, failure);
        if (failure || !fs::is_regular_file(real, failure)) return false;
        const auto [end, unused] =
            std::mismatch(real_root_.begin(), real_root_.end(), real.begin(), real.end());
        return end == real_root_.end();
    }

    Result<std::string> read(const std::string& path) const override {
        return config::read_text_file((root_ / path).string(), prompt_file_bytes_max);
    }

    std::string shown(const std::string& path) const override { return (root_ / path).string(); }

    std::vector<std::string> paths() const override {
        std::vector<std::string> out;
        std::error_code failure;
        for (fs::recursive_directory_iterator at(root_, failure), end; !failure && at != end;
             at.increment(failure)) {
            if (out.size() == files_max) break;
            out.push_back(at->path().lexically_relative(root_).string());
        }
        std::sort(out.begin(), out.end());
        return out;
    }

private:
    fs::path root_, real_root_;
};

// Folders below `directory` in order of their names.
Result<std::vector<fs::path>> list_folders(const std::string& directory) {
    std::vector<fs::path> folders;
    std::error_code failure;
    fs::directory_iterator at(directory, failure);
    if (failure) {
        return fail(Errc::config,
                    directory + ": cannot read this folder of pipelines: " + failure.message());
    }
    for (std::size_t seen = 0; at != fs::directory_iterator(); at.increment(failure)) {
        if (failure || ++seen > files_max) break;
        if (fs::is_directory(at->path(), failure)) folders.push_back(at->path());
    }
    std::sort(folders.begin(), folders.end());
    return folders;
}

// A folder without pipeline.yaml may hold prompts for others, but no other YAML file.
Result<void> check_no_misnamed(const fs::path& folder) {
    std::error_code failure;
    for (fs::directory_iterator at(folder, failure), end; !failure && at != end;
         at.increment(failure)) {
        const std::string ending = at->path().extension().string();
        if (ending != ".yaml" && ending != ".yml") continue;
        return fail(Errc::config,
                    at->path().string() + ": not read; did you mean \"" + pipeline_file + "\"?");
    }
    return {};
}

}  // namespace

LanguageChoice fit(const Pipeline& pipeline, LanguageChoice choice) {
    if (pipeline.preamble.contains(choice.prompts)) return choice;
    if (pipeline.preamble.contains(Language::en)) return {Language::en, true};
    if (pipeline.preamble.empty()) return choice;
    return {pipeline.preamble.begin()->first, true};
}

Result<PipelineSet> load_pipelines(const std::string& directory) {
    auto folders = list_folders(directory);
    if (!folders) return tl::unexpected<Error>(folders.error());
    const PromptFolder files(directory);
    PipelineSet pipelines;
    for (const fs::path& folder : *folders) {
        const fs::path file = folder / pipeline_file;
        std::error_code failure;
        if (!fs::exists(file, failure)) {
            if (auto ok = check_no_misnamed(folder); !ok) return tl::unexpected<Error>(ok.error());
            continue;
        }
        const std::string name = folder.filename().string();
        if (!is_pipeline_name(name)) {
            return fail(Errc::config, file.string() +
                                          ": a pipeline is named by its folder: a-z, "
                                          "0-9, - and _, at most " +
                                          std::to_string(name_bytes_max));
        }
        if (pipelines.size() == pipelines_max) {
            return fail(Errc::config,
                        directory + ": more than " + std::to_string(pipelines_max) + " pipelines");
        }
        const config::YamlLimits limits{.bytes_max = pipeline_file_bytes_max};
        auto root = config::read_yaml_file(file.string(), limits);
        if (!root) return tl::unexpected<Error>(root.error());
        auto pipeline = read_pipeline(name, *root, files);
        if (!pipeline) return tl::unexpected<Error>(pipeline.error());
        pipelines.emplace(name, std::make_shared<const Pipeline>(std::move(*pipeline)));
    }
    if (pipelines.empty()) {
        return fail(Errc::config,
                    directory + ": no pipeline here: no folder has a " + pipeline_file);
    }
    return pipelines;
}

}  // namespace emostage::worker
