#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/unicode_text.h"
#include "eval/eval.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string read_all(const std::string& path) {
  if (path == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
  if (std::filesystem::is_directory(path))
    throw Error(ErrorKind::kBadInput, "This is a folder, not a text file", path,
                "Give the text file itself.");
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Error(ErrorKind::kBadInput, "Cannot open the text file", path,
                "Check the path given with --text.");
  std::string text;
  std::string block(std::size_t{1} << 20, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())), file.gcount() > 0)
    text.append(block, 0, static_cast<std::size_t>(file.gcount()));
  if (file.bad()) throw Error(ErrorKind::kIo, "Cannot read the text file to its end", path);
  return text;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

// " = Title = " and no "= =": the line that starts an article.
std::optional<std::string> article_title(std::string_view line) {
  if (!detail::strip(line).starts_with("= ")) return std::nullopt;
  const std::string flat =
      detail::replace_all(detail::replace_all(line, "= = =", "==="), "= =", "==");
  const std::string_view stripped = detail::strip(flat);
  if (!stripped.starts_with("= ") || !stripped.ends_with(" =")) return std::nullopt;
  return std::string(detail::strip(stripped.substr(1, stripped.size() - 2)));
}

// As EleutherAI/wikitext_document_level: an article is its heading line and all lines up to the
// next one; what stands before the first heading is dropped when it is blank.
std::vector<Document> split_articles(std::string_view text) {
  std::vector<Document> documents;
  Document current{.name = "(before the first article)"};
  bool started = false;
  const auto flush = [&] {
    if (started && !detail::strip(current.text).empty()) documents.push_back(std::move(current));
    current = {.name = "(before the first article)"};
    started = false;
  };
  for (const std::string_view line : split_lines(text)) {
    if (const auto title = article_title(line)) {
      flush();
      current.name = *title;
    }
    if (started) current.text += '\n';
    current.text += line;
    started = true;
  }
  flush();
  return documents;
}

[[noreturn]] void bad_line(const std::string& corpus, std::size_t line, const std::string& what) {
  throw Error(
      ErrorKind::kBadInput, what, fmt::format("{}, line {}", corpus, line),
      "Each line must be a JSON object with \"text\", or with \"messages\" for conversations.");
}

std::vector<ChatMessage> parse_messages(const json& list, const std::string& corpus,
                                        std::size_t line) {
  if (!list.is_array()) bad_line(corpus, line, "\"messages\" is no list");
  std::vector<ChatMessage> messages;
  for (const json& item : list) {
    if (!item.is_object() || !item.contains("role") || !item.contains("content") ||
        !item["role"].is_string() || !item["content"].is_string()) {
      bad_line(corpus, line, "A message needs \"role\" and \"content\", both strings");
    }
    messages.push_back({item["role"], item["content"]});
  }
  return messages;
}

Document parse_document(std::string_view text, bool chat, const std::string& corpus,
                        std::size_t line) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) bad_line(corpus, line, "This is not valid JSON");
  Document document{.name = fmt::format("line {}", line)};
  if (value.is_object() && value.contains("id")) {
    const json& id = value["id"];
    if (id.is_string()) document.name = id;
    if (id.is_number_integer()) document.name = id.dump();
  }
  if (chat) {
    const bool has_messages = value.is_object() && value.contains("messages");
    if (!has_messages && !value.is_array()) bad_line(corpus, line, "There are no \"messages\"");
    document.messages = parse_messages(has_messages ? value["messages"] : value, corpus, line);
    return document;
  }
  for (const char* field : {"text", "page", "content"}) {
    if (value.is_object() && value.contains(field) && value[field].is_string()) {
      document.text = value[field];
      return document;
    }
  }
  bad_line(corpus, line, "There is no \"text\"");
}

std::vector<Document> parse_jsonl(std::string_view text, bool chat, const std::string& corpus) {
  std::vector<Document> documents;
  std::size_t n = 0;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (const std::string_view line : split_lines(text)) {
    ++n;
    if (!detail::strip(line).empty()) documents.push_back(parse_document(line, chat, corpus, n));
  }
  return documents;
}

CorpusFormat detect(const std::string& name, std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::string_view body = detail::strip(text);
  const std::string_view first_line = body.substr(0, body.find('\n'));
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) {
    const json first = json::parse(first_line, nullptr, false);
    const bool chat = first.is_array() || (first.is_object() && first.contains("messages"));
    return chat ? CorpusFormat::kChat : CorpusFormat::kJsonl;
  }
  return article_title(first_line) ? CorpusFormat::kWikiText : CorpusFormat::kPlain;
}

}  // namespace

Corpus corpus_from_text(std::string name, std::string text, CorpusFormat format) {
  // A byte order mark belongs to the text: every peer tokenises it.
  const bool has_mark = text.starts_with(kByteOrderMark);
  if (detail::strip(std::string_view(text).substr(has_mark ? kByteOrderMark.size() : 0)).empty())
    throw Error(ErrorKind::kBadInput, "The text is empty", name, "Give a text that holds words.");
  if (const auto at = detail::find_invalid_utf8(text)) {
    throw Error(ErrorKind::kBadInput, "The text is not valid UTF-8",
                fmt::format("{}, byte {}", name, *at),
                "Convert it, for example with `iconv -f latin1 -t utf-8`.");
  }
  Corpus corpus{.name = std::move(name), .digest = hash_bytes(text)};
  corpus.format = format == CorpusFormat::kAuto ? detect(corpus.name, text) : format;
  switch (corpus.format) {
    case CorpusFormat::kAuto:
    case CorpusFormat::kPlain:
      corpus.documents.push_back({.name = corpus.name, .text = text});
      break;
    case CorpusFormat::kWikiText:
      corpus.documents = split_articles(text);
      break;
    case CorpusFormat::kJsonl:
      corpus.documents = parse_jsonl(text, false, corpus.name);
      break;
    case CorpusFormat::kChat:
      corpus.documents = parse_jsonl(text, true, corpus.name);
      break;
  }
  corpus.text = std::move(text);
  return corpus;
}

Corpus load_corpus(const std::string& path, CorpusFormat format) {
  const std::string name = path == "-" ? "stdin" : std::filesystem::path(path).filename().string();
  return corpus_from_text(name, read_all(path), format);
}

}  // namespace assay
