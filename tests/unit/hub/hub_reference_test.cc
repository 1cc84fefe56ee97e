#include <gtest/gtest.h>

#include "core/error.h"
#include "hub/hub.h"

namespace assay {
namespace {

struct Expected {
  const char* text;
  bool dataset;
  const char* repository;
  const char* revision;
  const char* file;
};

TEST(HubReference, Parses) {
  for (const Expected& expected : {
           Expected{"hf:org/name", false, "org/name", "main", ""},
           Expected{"hf:org/name@v1.0", false, "org/name", "v1.0", ""},
           Expected{"hf:org/name@rev/path/in/repo.gguf", false, "org/name", "rev",
                    "path/in/repo.gguf"},
           Expected{"hf:org/name/a b@2.gguf", false, "org/name", "main", "a b@2.gguf"},
           Expected{"hf:datasets/org/name/file.parquet", true, "org/name", "main", "file.parquet"},
           Expected{"hf:org/name@refs/pr/7/x.gguf", false, "org/name", "refs/pr/7", "x.gguf"},
       }) {
    const HubReference reference = parse_hub_reference(expected.text);
    EXPECT_EQ(reference.dataset, expected.dataset) << expected.text;
    EXPECT_EQ(reference.repository, expected.repository) << expected.text;
    EXPECT_EQ(reference.revision, expected.revision) << expected.text;
    EXPECT_EQ(reference.file, expected.file) << expected.text;
  }
}

TEST(HubReference, RefusesWhatIsNoNameOrLeavesItsFolder) {
  for (const std::string text : {"",
                                 "org/name",
                                 "hf:",
                                 "hf:name",
                                 "hf:org/",
                                 "hf:/name",
                                 "hf:../name",
                                 "hf:org/..",
                                 "hf:org/name@",
                                 "hf:org/name@../x",
                                 "hf:org/name@.refs/x",
                                 "hf:org/name/../x",
                                 "hf:org/name/a/../../x",
                                 "hf:org/name//etc/passwd",
                                 "hf:org/name/a//b",
                                 "hf:org/name/./a",
                                 "hf:org/name/a\\b",
                                 "hf:o--g/name",
                                 "hf:or g/name",
                                 "hf:org/na?me",
                                 "hf:org/name@a?b/x",
                                 "hf:org/name/a\nb",
                                 "hf:org/name/x/",
                                 "hf:datasets/org"}) {
    try {
      parse_hub_reference(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_NE(error.remedy().find("hf:ORG/NAME"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace assay
