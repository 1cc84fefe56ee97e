// Inside tasks only: files of rows, whatever their format.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "tasks/rows.h"

namespace assay::detail {

enum class RowFormat { kJson, kCsv, kTsv, kText, kWikitext, kParquet };

struct ReadOptions {
  RowFormat format = RowFormat::kJson;
  std::string field;                      // JSON: the rows are the list under this key
  char delimiter = ',';                   // CSV (TSV has its own)
  std::vector<std::string> column_names;  // CSV: the file has no header line; these are its columns
  bool infer_types = true;  // CSV: numbers, truth values and missing values as pandas sees them
  std::stop_token stop;
};

// By the file's ending, ".gz" aside; nullopt for an unknown one.
std::optional<RowFormat> format_of(const std::string& path);
// "json", "jsonl", "csv", "tsv", "text", "wikitext", "parquet"; nullopt for another word.
std::optional<RowFormat> parse_format(const std::string& word);

// The rows of one file in its order; gzip is recognised by content. A row has every column of its
// file: what it lacks is null. Errors: kIo (cannot be read), kBadInput (with file and line, or
// row), kInterrupted.
std::vector<Row> read_rows(const std::string& path, const ReadOptions& options);

std::vector<Row> read_json_rows(const std::string& path, const ReadOptions& options);
std::vector<Row> read_csv_rows(const std::string& path, const ReadOptions& options);
std::vector<Row> read_text_rows(const std::string& path, const ReadOptions& options);
std::vector<Row> read_wikitext_rows(const std::string& path, const ReadOptions& options);
std::vector<Row> read_parquet_rows(const std::string& path, const ReadOptions& options);
bool can_read_parquet();

// Gives each row all columns that any row has, in the order in which they first appear.
void fill_missing_columns(std::vector<Row>& rows);
// Error{kInterrupted} once a stop was asked for.
void check_stop(const std::stop_token& stop);

}  // namespace assay::detail
