// Stands in for parquet.cc in a build without Apache Arrow.
#include "core/error.h"
#include "tasks/dataset_file.h"

namespace assay::detail {

bool can_read_parquet() { return false; }

std::vector<Row> read_parquet_rows(const std::string& path, const ReadOptions&) {
  throw Error(ErrorKind::kBadInput, "This build cannot read Parquet", path,
              "Install python3-pip (scripts/setup.sh build does) or Apache Arrow's C++ package and "
              "build again; or convert the file to jsonl and name it in a mapping given with "
              "--data.");
}

}  // namespace assay::detail
