// The pipelines that the project ships, loaded once.
#pragma once

#include <gtest/gtest.h>

#include "worker/pipeline/pipeline.hpp"

namespace emostage::worker {

inline const char* const pipelines_directory = EMOSTAGE_SOURCE_DIR "/schemas/pipelines";

inline const PipelineSet& shipped_pipelines() {
    static const PipelineSet pipelines = [] {
        auto loaded = load_pipelines(pipelines_directory);
        EXPECT_TRUE(loaded) << loaded.error().message;
        return loaded ? *loaded : PipelineSet();
    }();
    return pipelines;
}

inline const Pipeline& shipped(const std::string& name) { return *shipped_pipelines().at(name); }

inline std::size_t stage_named(const Pipeline& pipeline, const std::string& name) {
    for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
        if (pipeline.stages[i].name == name) return i;
    }
    ADD_FAILURE() << "no stage " << name;
    return 0;
}

inline const OutputSpec& output_of(const std::string& stage) {
    const Pipeline& pipeline = shipped("emostage");
    return pipeline.stages[stage_named(pipeline, stage)].output;
}

}  // namespace emostage::worker
