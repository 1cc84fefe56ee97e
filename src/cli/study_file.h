// A study's YAML file: its keys are the command's flags.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace assay::cli {

struct FamilyNames {  // a base model and what is made of it
  std::string baseline;
  std::vector<std::string> variants;
};

struct StudyFile {
  std::vector<FamilyNames> families;
};

// Sets every option of `command` that the file names ("max_ppl_increase" is --max-ppl-increase) and
// the command line did not; returns `baseline` and `variants`, or `families`, which are no flags.
// Paths are the file's: relative to its folder. Errors: kIo; kBadInput with the line for YAML that
// is broken, too deep or too large, a key that is no flag, a value that the flag refuses.
StudyFile read_study_file(const std::string& path, CLI::App& command);

}  // namespace assay::cli
