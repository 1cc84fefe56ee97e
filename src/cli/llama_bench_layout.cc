#include "cli/llama_bench_layout.h"

#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/format.h>

namespace assay {
namespace {

enum class Kind { kText, kBool, kInteger, kReal };

struct Field {
  std::string name;
  Kind kind = Kind::kText;
  std::string value;
};

struct Row {
  std::vector<Field> fields;
  std::vector<std::int64_t> samples_ns;
  std::vector<double> samples_ts;
  std::string test, model;
  std::int64_t model_bytes = 0, n_weights = 0;
  int n_threads = 0;
  double avg_ts = 0, stddev_ts = 0;
};

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double stddev_of(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

// "de3ff81" of "llama.cpp 0.5.0 de3ff81; CPU ...".
std::string commit_of(const std::string& engine) {
  const std::string name = engine.substr(0, engine.find(';'));
  const std::size_t space = name.rfind(' ');
  return space == std::string::npos ? name : name.substr(space + 1);
}

std::string flash_number(const std::string& asked) {
  return asked == "on" ? "1" : asked == "off" ? "0" : "-1";
}

void add_model_fields(const SpeedResult& result, const SpeedSetup& setup, Row& row) {
  const auto text = [&](const char* name, std::string value) {
    row.fields.push_back({name, Kind::kText, std::move(value)});
  };
  const auto integer = [&](const char* name, std::int64_t value) {
    row.fields.push_back({name, Kind::kInteger, std::to_string(value)});
  };
  const auto no = [&](const char* name) { row.fields.push_back({name, Kind::kBool, "0"}); };
  const RuntimeEffective& runtime = setup.info.runtime;
  text("build_commit", commit_of(setup.info.engine));
  integer("build_number", 1);
  text("cpu_info", result.machine.cpu);
  text("gpu_info", "");
  text("backends", "CPU");
  text("model_filename", setup.info.path);
  text("model_type", setup.info.description);
  integer("model_size", row.model_bytes);
  integer("model_n_params", setup.info.n_weights);
  integer("n_batch", setup.n_batch);
  integer("n_ubatch", setup.n_ubatch);
  integer("n_threads", runtime.n_threads);
  text("cpu_mask", "0x0");
  no("cpu_strict");
  integer("poll", 50);
  text("type_k", runtime.kv.k);
  text("type_v", runtime.kv.v);
  integer("n_gpu_layers", runtime.n_gpu_layers == 0 ? -1 : runtime.n_gpu_layers);
  integer("n_cpu_moe", 0);
  text("split_mode", "layer");
  integer("main_gpu", 0);
  no("no_kv_offload");
  row.fields.push_back({"flash_attn", Kind::kInteger, flash_number(setup.flash_attention)});
  text("devices", "auto");
  text("tensor_split", "0.00");
  text("tensor_buft_overrides", "none");
  text("load_mode", "auto");
  text("lazy_mode", "auto");
  no("embeddings");
  integer("no_op_offload", 0);
  no("no_host");
  integer("fit_target", 0);
  integer("fit_min_ctx", 0);
}

void add_test_fields(const SpeedResult& result, const SpeedTest& test, Row& row) {
  const auto integer = [&](const char* name, std::int64_t value) {
    row.fields.push_back({name, Kind::kInteger, std::to_string(value)});
  };
  integer("n_prompt", test.n_prompt);
  integer("n_gen", test.n_gen);
  integer("n_depth", test.n_depth);
  row.fields.push_back({"test_time", Kind::kText, result.started});
  const std::vector<double> ns(row.samples_ns.begin(), row.samples_ns.end());
  integer("avg_ns", static_cast<std::int64_t>(mean_of(ns)));
  integer("stddev_ns", static_cast<std::int64_t>(stddev_of(ns)));
  row.fields.push_back({"avg_ts", Kind::kReal, fmt::format("{:.6f}", row.avg_ts)});
  row.fields.push_back({"stddev_ts", Kind::kReal, fmt::format("{:.6f}", row.stddev_ts)});
}

std::vector<Row> rows_of(const SpeedResult& result) {
  std::vector<Row> rows;
  for (const SpeedSeries& series : result.series) {
    const SpeedTest& test = result.tests[static_cast<std::size_t>(series.test)];
    const SpeedSetup& setup = result.setups[static_cast<std::size_t>(series.setup)];
    if (test.request || test.n_parallel > 1) continue;
    Row row;
    for (const SpeedSample& sample : series.samples) {
      if (sample.round < 0 || sample.duration_ns <= 0) continue;
      row.samples_ns.push_back(sample.duration_ns);
      row.samples_ts.push_back(1e9 * (test.n_prompt + test.n_gen) /
                               static_cast<double>(sample.duration_ns));
    }
    if (row.samples_ns.empty()) continue;
    row.test = to_string(test);
    row.model = setup.info.description;
    row.n_weights = setup.info.n_weights;
    row.model_bytes =
        std::llround(setup.info.bits_per_weight * static_cast<double>(setup.info.n_weights) / 8);
    row.n_threads = setup.info.runtime.n_threads;
    row.avg_ts = mean_of(row.samples_ts);
    row.stddev_ts = stddev_of(row.samples_ts);
    add_model_fields(result, setup, row);
    add_test_fields(result, test, row);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string join(const std::vector<std::string>& parts, const std::string& separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::vector<std::string> names_of(const Row& row) {
  std::vector<std::string> names;
  for (const Field& field : row.fields) names.push_back(field.name);
  return names;
}

// Within one kind of quotes, those are doubled.
std::string quoted(const std::string& text, char quote) {
  std::string result(1, quote);
  for (const char c : text) result += c == quote ? std::string(2, quote) : std::string(1, c);
  return result + quote;
}

std::string csv(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    if (text.empty()) text = join(names_of(row), ",") + "\n";
    std::vector<std::string> cells;
    for (const Field& field : row.fields) cells.push_back(quoted(field.value, '"'));
    text += join(cells, ",") + "\n";
  }
  return text;
}

std::string json_text(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::vector<std::string> json_members(const Row& row) {
  std::vector<std::string> members;
  for (const Field& field : row.fields) {
    const std::string value = field.kind == Kind::kText   ? json_text(field.value)
                              : field.kind == Kind::kBool ? (field.value == "0" ? "false" : "true")
                                                          : field.value;
    members.push_back(fmt::format("\"{}\": {}", field.name, value));
  }
  members.push_back(fmt::format("\"samples_ns\": [ {} ]", fmt::join(row.samples_ns, ", ")));
  std::vector<std::string> speeds;
  for (const double speed : row.samples_ts) speeds.push_back(fmt::format("{:.6g}", speed));
  members.push_back(fmt::format("\"samples_ts\": [ {} ]", join(speeds, ", ")));
  return members;
}

std::string json(const std::vector<Row>& rows) {
  std::vector<std::string> objects;
  for (const Row& row : rows)
    objects.push_back("  {\n    " + join(json_members(row), ",\n    ") + "\n  }");
  return "[\n" + join(objects, ",\n") + "\n]\n";
}

std::string jsonl(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) text += "{" + join(json_members(row), ", ") + "}\n";
  return text;
}

std::string sql(const std::vector<Row>& rows) {
  if (rows.empty()) return {};
  std::vector<std::string> columns;
  for (const Field& field : rows.front().fields) {
    const char* type = field.kind == Kind::kText   ? "TEXT"
                       : field.kind == Kind::kReal ? "REAL"
                                                   : "INTEGER";
    columns.push_back("  " + field.name + " " + type);
  }
  std::string text =
      "CREATE TABLE IF NOT EXISTS llama_bench (\n" + join(columns, ",\n") + "\n);\n\n";
  for (const Row& row : rows) {
    std::vector<std::string> values;
    for (const Field& field : row.fields) values.push_back(quoted(field.value, '\''));
    text += fmt::format("INSERT INTO llama_bench ({}) VALUES ({});\n", join(names_of(row), ", "),
                        join(values, ", "));
  }
  return text;
}

std::string size_text(std::int64_t bytes) {
  const double mib = static_cast<double>(bytes) / (1 << 20);
  return mib < 1024 ? fmt::format("{:.2f} MiB", mib) : fmt::format("{:.2f} GiB", mib / 1024);
}

std::string weights_text(std::int64_t n) {
  return n < 1'000'000'000 ? fmt::format("{:.2f} M", static_cast<double>(n) / 1e6)
                           : fmt::format("{:.2f} B", static_cast<double>(n) / 1e9);
}

// Fields that take more than one value get a column, as in llama-bench.
std::vector<std::string> varied_fields(const std::vector<Row>& rows) {
  std::vector<std::string> varied;
  for (const char* name : {"n_batch", "n_ubatch", "type_k", "type_v", "flash_attn"}) {
    for (std::size_t f = 0; f < rows.front().fields.size(); ++f) {
      if (rows.front().fields[f].name != name) continue;
      for (const Row& row : rows) {
        if (row.fields[f].value == rows.front().fields[f].value) continue;
        varied.emplace_back(name);
        break;
      }
    }
  }
  return varied;
}

std::string value_of(const Row& row, const std::string& name) {
  for (const Field& field : row.fields) {
    if (field.name == name) return field.value;
  }
  return {};
}

std::string markdown(const std::vector<Row>& rows) {
  if (rows.empty()) return {};
  const std::vector<std::string> varied = varied_fields(rows);
  std::string titles = fmt::format("| {:<30} | {:>10} | {:>10} | {:<10} | {:>7} |", "model", "size",
                                   "params", "backend", "threads");
  std::string rule =
      fmt::format("| {:-<30} | {:-<9}: | {:-<9}: | {:-<10} | {:-<6}: |", "", "", "", "", "");
  for (const std::string& name : varied) {
    titles += fmt::format(" {:>10} |", name == "flash_attn" ? "fa" : name);
    rule += fmt::format(" {:-<9}: |", "");
  }
  std::string text = titles + fmt::format(" {:>15} | {:>20} |\n", "test", "t/s") + rule +
                     fmt::format(" {:-<14}: | {:-<19}: |\n", "", "");
  for (const Row& row : rows) {
    text +=
        fmt::format("| {:<30} | {:>10} | {:>10} | {:<10} | {:>7} |", row.model,
                    size_text(row.model_bytes), weights_text(row.n_weights), "CPU", row.n_threads);
    for (const std::string& name : varied) text += fmt::format(" {:>10} |", value_of(row, name));
    text += fmt::format(" {:>15} | {:>20} |\n", row.test,
                        fmt::format("{:.2f} ± {:.2f}", row.avg_ts, row.stddev_ts));
  }
  return text + fmt::format("\nbuild: {} (1)\n", value_of(rows.front(), "build_commit"));
}

}  // namespace

std::string llama_bench_layout(const SpeedResult& result, const std::string& format) {
  const std::vector<Row> rows = rows_of(result);
  if (format == "csv") return csv(rows);
  if (format == "json") return json(rows);
  if (format == "jsonl") return jsonl(rows);
  if (format == "sql") return sql(rows);
  return markdown(rows);
}

}  // namespace assay
