// Parquet by Apache Arrow: the only file that knows its interface.
#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type_traits.h>
#include <parquet/arrow/reader.h>

#include <cmath>
#include <exception>
#include <unordered_map>

#include "core/error.h"
#include "tasks/column_types.h"
#include "tasks/dataset_file.h"

namespace assay::detail {
namespace {

using arrow::Array;
using Cell = Json (*)(const Array&, std::int64_t);

[[noreturn]] void refuse(const std::string& why, const std::string& path) {
  throw Error(ErrorKind::kBadInput, "The Parquet file cannot be read: " + why, path,
              "Fetch it again if it was cut off.");
}

void check(const arrow::Status& status, const std::string& path) {
  if (status.IsIOError() && status.message().find("Failed to open local file") == 0)
    throw Error(ErrorKind::kIo, status.message(), path);
  if (!status.ok()) refuse(status.message(), path);
}

template <typename T>
T take(arrow::Result<T> result, const std::string& path) {
  check(result.status(), path);
  return std::move(result).ValueUnsafe();
}

Json cell_of(const Array& array, std::int64_t i);

template <typename Type>
const auto& as(const Array& array) {
  return static_cast<const typename arrow::TypeTraits<Type>::ArrayType&>(array);
}

template <typename Type>
Json number_cell(const Array& array, std::int64_t i) {
  return as<Type>(array).Value(i);
}

template <typename Type>
Json real_cell(const Array& array, std::int64_t i) {
  const auto value = static_cast<double>(as<Type>(array).Value(i));
  return std::isfinite(value) ? Json(value) : Json();  // JSON has no other numbers
}

template <typename Type>
Json text_cell(const Array& array, std::int64_t i) {
  const std::string_view text = as<Type>(array).GetView(i);
  require_utf8(text, "column of texts, row " + std::to_string(i + 1));
  return std::string(text);
}

// Bytes that are no UTF-8 are kept as core/json_values.h keeps such texts.
template <typename Type>
Json bytes_cell(const Array& array, std::int64_t i) {
  const std::string bytes(as<Type>(array).GetView(i));
  try {
    require_utf8(bytes, "");
    return bytes;
  } catch (const Error&) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    for (const char c : bytes) {
      hex += kDigits[static_cast<unsigned char>(c) >> 4U];
      hex += kDigits[static_cast<unsigned char>(c) & 15U];
    }
    return Json{{"bytes_hex", hex}};
  }
}

template <typename Type>
Json list_cell(const Array& array, std::int64_t i) {
  const auto& list = as<Type>(array);
  const auto start = static_cast<std::int64_t>(list.value_offset(i));
  Json cells = Json::array();
  for (std::int64_t k = 0; k < static_cast<std::int64_t>(list.value_length(i)); ++k)
    cells.push_back(cell_of(*list.values(), start + k));
  return cells;
}

Json struct_cell(const Array& array, std::int64_t i) {
  const auto& object = as<arrow::StructType>(array);
  Json cells = Json::object();
  for (int k = 0; k < object.num_fields(); ++k)
    cells[object.struct_type()->field(k)->name()] = cell_of(*object.field(k), i);
  return cells;
}

Json dictionary_cell(const Array& array, std::int64_t i) {
  const auto& coded = static_cast<const arrow::DictionaryArray&>(array);
  return cell_of(*coded.dictionary(), coded.GetValueIndex(i));
}

// As Python writes a datetime: microseconds where there are any, "+00:00" for UTC.
std::string python_time(std::string text) {
  std::string zone;
  if (text.ends_with('Z')) {
    text.pop_back();
    zone = "+00:00";
  }
  const std::size_t dot = text.rfind('.');
  if (dot != std::string::npos) {
    std::string fraction = text.substr(dot + 1);
    text.resize(dot);
    fraction.resize(6, '0');
    if (fraction != "000000") text += "." + fraction;
  }
  return text + zone;
}

Json time_cell(const Array& array, std::int64_t i) {
  const auto scalar = array.GetScalar(i);
  return scalar.ok() ? Json(python_time((*scalar)->ToString())) : Json();
}

// Dates, decimals and what else has no form of its own in JSON.
Json other_cell(const Array& array, std::int64_t i) {
  const auto scalar = array.GetScalar(i);
  return scalar.ok() ? Json((*scalar)->ToString()) : Json();
}

Json cell_of(const Array& array, std::int64_t i) {
  static const std::unordered_map<int, Cell> kCells = {
      {arrow::Type::BOOL, number_cell<arrow::BooleanType>},
      {arrow::Type::INT8, number_cell<arrow::Int8Type>},
      {arrow::Type::INT16, number_cell<arrow::Int16Type>},
      {arrow::Type::INT32, number_cell<arrow::Int32Type>},
      {arrow::Type::INT64, number_cell<arrow::Int64Type>},
      {arrow::Type::UINT8, number_cell<arrow::UInt8Type>},
      {arrow::Type::UINT16, number_cell<arrow::UInt16Type>},
      {arrow::Type::UINT32, number_cell<arrow::UInt32Type>},
      {arrow::Type::UINT64, number_cell<arrow::UInt64Type>},
      {arrow::Type::FLOAT, real_cell<arrow::FloatType>},
      {arrow::Type::DOUBLE, real_cell<arrow::DoubleType>},
      {arrow::Type::STRING, text_cell<arrow::StringType>},
      {arrow::Type::LARGE_STRING, text_cell<arrow::LargeStringType>},
      {arrow::Type::BINARY, bytes_cell<arrow::BinaryType>},
      {arrow::Type::LARGE_BINARY, bytes_cell<arrow::LargeBinaryType>},
      {arrow::Type::FIXED_SIZE_BINARY, bytes_cell<arrow::FixedSizeBinaryType>},
      {arrow::Type::LIST, list_cell<arrow::ListType>},
      {arrow::Type::LARGE_LIST, list_cell<arrow::LargeListType>},
      {arrow::Type::FIXED_SIZE_LIST, list_cell<arrow::FixedSizeListType>},
      {arrow::Type::MAP, list_cell<arrow::MapType>},
      {arrow::Type::STRUCT, struct_cell},
      {arrow::Type::DICTIONARY, dictionary_cell},
      {arrow::Type::TIMESTAMP, time_cell},
      {arrow::Type::TIME32, time_cell},
      {arrow::Type::TIME64, time_cell},
  };
  if (array.type_id() == arrow::Type::NA || array.IsNull(i)) return nullptr;
  const auto cell = kCells.find(array.type_id());
  return cell == kCells.end() ? other_cell(array, i) : cell->second(array, i);
}

std::vector<Row> read_file(const std::string& path, const std::stop_token& stop) {
  std::vector<Row> rows;
  auto input = take(arrow::io::ReadableFile::Open(path), path);
  auto file = take(parquet::arrow::OpenFile(input, arrow::default_memory_pool()), path);
  file->set_use_threads(false);
  auto batches = take(file->GetRecordBatchReader(), path);
  while (true) {
    check_stop(stop);
    const auto batch = take(batches->Next(), path);
    if (!batch) return rows;
    check(batch->ValidateFull(), path);  // offsets and codes of a hostile file
    const std::size_t first = rows.size();
    rows.resize(first + static_cast<std::size_t>(batch->num_rows()), Row::object());
    for (int column = 0; column < batch->num_columns(); ++column)
      for (std::int64_t i = 0; i < batch->num_rows(); ++i)
        rows[first + static_cast<std::size_t>(i)][batch->column_name(column)] =
            cell_of(*batch->column(column), i);
  }
}

}  // namespace

bool can_read_parquet() { return true; }

std::vector<Row> read_parquet_rows(const std::string& path, const ReadOptions& options) {
  try {
    return read_file(path, options.stop);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    refuse(error.what(), path);
  }
}

}  // namespace assay::detail
