#include "worker/pipeline/pipeline.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

namespace emostage::worker {
namespace {

namespace fs = std::filesystem;

// A folder of pipelines of its own, gone at the end.
class LoadPipelinesTest : public testing::Test {
protected:
    LoadPipelinesTest() {
        static std::atomic<int> count{0};
        base_ = fs::temp_directory_path() / ("emostage_pipelines_" + std::to_string(::getpid()) +
                                             "_" + std::to_string(count++));
        root = base_ / "pipelines";
        fs::create_directories(root);
    }
    ~LoadPipelinesTest() override { fs::remove_all(base_); }

    void write(const std::string& path, const std::string& text) {
        fs::create_directories((root / path).parent_path());
        std::ofstream(root / path) << text;
    }

    void write_pipeline(const std::string& name) {
        write(name + "/pipeline.yaml", "about: x\nlanguages: [en]\npreamble: " + name +
                                           "/system\nstages:\n  reply: {prompt: " + name +
                                           "/reply, streams: true}\n");
        write(name + "/system.en.mustache", "s");
        write(name + "/reply.en.mustache", "r");
    }

    std::string refusal() {
        const auto loaded = load_pipelines(root.string());
        return loaded ? "accepted" : loaded.error().message;
    }

    fs::path base_;
    fs::path root;
};

TEST_F(LoadPipelinesTest, LoadsEachFolderWithAPipeline) {
    write_pipeline("one");
    write_pipeline("two");
    write("shared/note.en.mustache", "prompts alone are fine");
    const auto loaded = load_pipelines(root.string());
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_EQ(loaded->size(), 2u);
    EXPECT_EQ(loaded->at("two")->name, "two");
}

TEST_F(LoadPipelinesTest, NamesTheFileAndTheLine) {
    write_pipeline("one");
    write("one/pipeline.yaml", "about: x\nstagse: {}\n");
    EXPECT_EQ(refusal(), (root / "one/pipeline.yaml").string() +
                             ":2: unknown key \"stagse\" in pipeline \"one\"; did you mean "
                             "\"stages\"?");
    write_pipeline("one");
    write("one/reply.en.mustache", "\n\n{{x}}");
    EXPECT_EQ(refusal(), (root / "one/reply.en.mustache").string() +
                             ":3: stage \"reply\" of pipeline \"one\" has no value named \"x\"");
}

TEST_F(LoadPipelinesTest, RefusesAFolderWithNothingInIt) {
    EXPECT_EQ(refusal(), root.string() + ": no pipeline here: no folder has a pipeline.yaml");
    root = base_ / "nowhere";
    EXPECT_EQ(refusal(),
              root.string() + ": cannot read this folder of pipelines: No such file or directory");
}

TEST_F(LoadPipelinesTest, RefusesAMisnamedFile) {
    write_pipeline("one");
    write("two/pipline.yml", "about: x\n");
    EXPECT_EQ(refusal(),
              (root / "two/pipline.yml").string() + ": not read; did you mean \"pipeline.yaml\"?");
}

TEST_F(LoadPipelinesTest, RefusesANameThatIsNone) {
    write_pipeline("One two");
    EXPECT_EQ(refusal().find((root / "One two/pipeline.yaml").string() +
                             ": a pipeline is named by its folder"),
              0u);
}

TEST_F(LoadPipelinesTest, RefusesLargeFilesAndPrompts) {
    write_pipeline("one");
    write("one/reply.en.mustache", std::string(prompt_file_bytes_max + 1, 'x'));
    EXPECT_EQ(refusal(), (root / "one/reply.en.mustache").string() + ": larger than 32768 bytes");
    write("one/pipeline.yaml", "about: " + std::string(pipeline_file_bytes_max, 'x'));
    EXPECT_EQ(refusal(), (root / "one/pipeline.yaml").string() + ": larger than 65536 bytes");
}

TEST_F(LoadPipelinesTest, RefusesBombsAndBrokenFiles) {
    write_pipeline("one");
    write("one/pipeline.yaml", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n");
    EXPECT_EQ(refusal(), (root / "one/pipeline.yaml").string() +
                             ":2: aliases are not allowed; write the value out");
    write("one/pipeline.yaml", "a: [1\nb: 2\n");
    EXPECT_EQ(refusal().find((root / "one/pipeline.yaml").string() + ":2: not YAML"), 0u);
    write("one/pipeline.yaml", "a: \xff\n");
    EXPECT_EQ(refusal(), (root / "one/pipeline.yaml").string() + ": not UTF-8");
    write_pipeline("one");
    write("one/reply.en.mustache", "\xff");
    EXPECT_EQ(refusal(), (root / "one/reply.en.mustache").string() + ": not UTF-8");
}

TEST_F(LoadPipelinesTest, DoesNotFollowALinkOutOfTheDirectory) {
    write_pipeline("one");
    std::ofstream(base_ / "secret.en.mustache") << "secret";
    fs::remove(root / "one/reply.en.mustache");
    fs::create_symlink(base_ / "secret.en.mustache", root / "one/reply.en.mustache");
    EXPECT_EQ(refusal().find((root / "one/pipeline.yaml").string() +
                             ":5: there is no \"one/reply.en.mustache\""),
              0u);
    fs::remove(root / "one/reply.en.mustache");
    fs::create_symlink(root / "one/system.en.mustache", root / "one/reply.en.mustache");
    EXPECT_EQ(refusal(), "accepted") << "inside it is fine";
}

TEST_F(LoadPipelinesTest, SharesPromptsBetweenPipelines) {
    write_pipeline("one");
    write("two/pipeline.yaml",
          "about: x\nlanguages: [en]\npreamble: one/system\nstages:\n  reply: {prompt: one/reply, "
          "streams: true}\n");
    EXPECT_EQ(refusal(), "accepted");
}

TEST(Fit, AnswersALanguageWithoutPromptsFromAnotherOne) {
    Pipeline english;
    english.preamble[Language::en];
    EXPECT_EQ(fit(english, {Language::en, false}), (LanguageChoice{Language::en, false}));
    EXPECT_EQ(fit(english, {Language::ja, false}), (LanguageChoice{Language::en, true}));
    Pipeline chinese;
    chinese.preamble[Language::zh];
    EXPECT_EQ(fit(chinese, {Language::en, false}), (LanguageChoice{Language::zh, true}));
    EXPECT_EQ(fit(chinese, {Language::zh, false}), (LanguageChoice{Language::zh, false}));
}

}  // namespace
}  // namespace emostage::worker
