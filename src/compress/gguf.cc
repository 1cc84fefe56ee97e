// GGUF headers. Every count and length in the file may be a lie: each is held against the bytes
// that are left before anything is allocated from it, and sums and products are checked for
// overflow.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <unordered_set>

#include "compress/compress.h"
#include "compress/ggml_types.h"
#include "compress/gguf_parser.h"
#include "core/error.h"

namespace assay {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF values are read as they lie");

constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint32_t kMaxDims = 4;
constexpr std::uint64_t kMaxNameBytes = 65535;

enum class Kind : std::uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};
constexpr std::array<std::string_view, 13> kKindNames = {
    "uint8", "int8",   "uint16", "int16",  "uint32", "int32",  "float32",
    "bool",  "string", "array",  "uint64", "int64",  "float64"};
// Bytes of one value; of a string and an array the smallest that they can take.
constexpr std::array<std::uint64_t, 13> kKindBytes = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};

// A name from the file as it may be shown: quoted, control bytes escaped, cut when long.
std::string shown(std::string_view name) {
  std::string out = "'";
  for (const char c : name.substr(0, 80)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return out + (name.size() > 80 ? "...'" : "'");
}

class Parser {
 public:
  Parser(std::istream& in, std::int64_t file_bytes, const std::string& path,
         std::map<std::string, std::vector<std::string>>* kept)
      : in_(in), size_(static_cast<std::uint64_t>(file_bytes)), kept_(kept) {
    header_.path = path;
    header_.file_bytes = file_bytes;
  }

  GgufHeader parse() {
    read_magic_and_version();
    const std::uint64_t n_tensors = read_count("tensors", 24);
    const std::uint64_t n_entries = read_count("metadata entries", 13);
    for (std::uint64_t i = 0; i < n_entries; ++i) read_entry();
    read_alignment();
    for (std::uint64_t i = 0; i < n_tensors; ++i) read_tensor();
    place_tensors();
    return std::move(header_);
  }

 private:
  [[noreturn]] void fail(const std::string& what, std::uint64_t offset,
                         const std::string& remedy = "Fetch or convert the file again") const {
    throw Error(ErrorKind::kBadInput, what, fmt::format("{}, byte {}", header_.path, offset),
                remedy + ".");
  }

  std::uint64_t left() const { return size_ - position_; }

  void need(std::uint64_t n_bytes, std::string_view what) const {
    if (n_bytes > left()) {
      fail(fmt::format("truncated: {} needs {} bytes, {} of {} are left", what, n_bytes, left(),
                       size_),
           position_);
    }
  }

  void read_bytes(char* to, std::uint64_t n_bytes, std::string_view what) {
    need(n_bytes, what);
    if (!in_.read(to, static_cast<std::streamsize>(n_bytes))) {
      throw Error(ErrorKind::kIo, fmt::format("cannot read {}", what),
                  fmt::format("{}, byte {}", header_.path, position_),
                  "Check the disk; the file may have changed while it was read.");
    }
    position_ += n_bytes;
  }

  void skip(std::uint64_t n_bytes, std::string_view what) {
    need(n_bytes, what);
    // Small steps stay inside the stream's buffer, which seeking would throw away.
    if (n_bytes < 4096) {
      in_.ignore(static_cast<std::streamsize>(n_bytes));
    } else {
      in_.seekg(static_cast<std::streamoff>(n_bytes), std::ios::cur);
    }
    position_ += n_bytes;
  }

  template <typename T>
  T read(std::string_view what) {
    std::array<char, sizeof(T)> bytes;
    read_bytes(bytes.data(), bytes.size(), what);
    return std::bit_cast<T>(bytes);
  }

  std::string read_string(std::string_view what, std::uint64_t max_bytes) {
    const std::uint64_t start = position_;
    const auto n_bytes = read<std::uint64_t>(what);
    if (n_bytes > left()) {
      fail(fmt::format("{} claims {} bytes, {} of {} are left", what, n_bytes, left(), size_),
           start);
    }
    if (n_bytes > max_bytes) {
      fail(fmt::format("{} has {} bytes, more than {}", what, n_bytes, max_bytes), start);
    }
    std::string text(static_cast<std::size_t>(n_bytes), '\0');
    read_bytes(text.data(), n_bytes, what);
    return text;
  }

  // A count of things that take at least min_bytes each.
  std::uint64_t read_count(std::string_view what, std::uint64_t min_bytes) {
    const std::uint64_t start = position_;
    const auto n = read<std::uint64_t>(fmt::format("the number of {}", what));
    if (n > left() / min_bytes) {
      fail(fmt::format("{} {} cannot fit in the {} bytes that are left", n, what, left()), start);
    }
    return n;
  }

  void read_magic_and_version();
  void read_entry();
  GgufValue read_value(Kind kind, const std::string& what);
  GgufArray read_array(const std::string& key, const std::string& what);
  Kind read_kind(const std::string& what);
  void read_alignment();
  void read_tensor();
  void read_shape(GgufTensor& tensor, const std::string& what);
  void set_size(GgufTensor& tensor, const GgmlType& type, const std::string& what,
                std::uint64_t start) const;
  void place_tensors();

  std::istream& in_;
  std::uint64_t size_;
  std::uint64_t position_ = 0;
  std::uint64_t alignment_ = kDefaultAlignment;
  std::map<std::string, std::vector<std::string>>* kept_;
  std::unordered_set<std::string> keys_, names_;
  GgufHeader header_;
};

void Parser::read_magic_and_version() {
  std::array<char, 4> magic{};
  if (size_ < magic.size()) fail(fmt::format("not a GGUF: it has only {} bytes", size_), 0);
  read_bytes(magic.data(), magic.size(), "the magic");
  const std::string_view text(magic.data(), magic.size());
  if (text == "FUGG") {
    fail("a big-endian GGUF", 0, "Convert it to little-endian (gguf-convert-endian of gguf-py)");
  }
  if (text != "GGUF") {
    fail(fmt::format("not a GGUF: it starts with {}", shown(text)), 0,
         "Give a .gguf file; other checkpoints are converted by llama.cpp's convert_hf_to_gguf.py");
  }
  header_.version = read<std::uint32_t>("the version");
  if ((header_.version & 0xffffU) == 0 && header_.version != 0) {
    fail("a big-endian GGUF", 4, "Convert it to little-endian (gguf-convert-endian of gguf-py)");
  }
  if (header_.version != 2 && header_.version != 3) {
    fail(fmt::format("GGUF version {}, known are 2 and 3", header_.version), 4,
         header_.version > 3 ? "Update assay" : "Convert the model again with a current tool");
  }
}

Kind Parser::read_kind(const std::string& what) {
  const std::uint64_t start = position_;
  const auto kind = read<std::uint32_t>(what);
  if (kind >= kKindNames.size()) fail(fmt::format("{} has unknown type {}", what, kind), start);
  return static_cast<Kind>(kind);
}

void Parser::read_entry() {
  const std::uint64_t start = position_;
  std::string key = read_string("a metadata key", kMaxNameBytes);
  const std::string what = "metadata " + shown(key);
  if (!keys_.insert(key).second) fail(what + " is there twice", start);
  const Kind kind = read_kind(what);
  GgufValue value =
      kind == Kind::kArray ? GgufValue(read_array(key, what)) : read_value(kind, what);
  header_.metadata.emplace_back(std::move(key), std::move(value));
}

GgufValue Parser::read_value(Kind kind, const std::string& what) {
  switch (kind) {
    case Kind::kUint8:
      return std::uint64_t{read<std::uint8_t>(what)};
    case Kind::kInt8:
      return std::int64_t{read<std::int8_t>(what)};
    case Kind::kUint16:
      return std::uint64_t{read<std::uint16_t>(what)};
    case Kind::kInt16:
      return std::int64_t{read<std::int16_t>(what)};
    case Kind::kUint32:
      return std::uint64_t{read<std::uint32_t>(what)};
    case Kind::kInt32:
      return std::int64_t{read<std::int32_t>(what)};
    case Kind::kFloat32:
      return double{read<float>(what)};
    case Kind::kBool:
      return read<std::int8_t>(what) != 0;
    case Kind::kString:
      return read_string(what, std::numeric_limits<std::uint64_t>::max());
    case Kind::kUint64:
      return read<std::uint64_t>(what);
    case Kind::kInt64:
      return read<std::int64_t>(what);
    case Kind::kFloat64:
      return read<double>(what);
    case Kind::kArray:
      break;
  }
  fail(what + " holds arrays in an array, which llama.cpp does not read", position_);
}

GgufArray Parser::read_array(const std::string& key, const std::string& what) {
  const Kind kind = read_kind(what);
  if (kind == Kind::kArray) read_value(kind, what);
  const auto index = static_cast<std::size_t>(kind);
  const std::uint64_t n = read_count("elements of " + what, kKindBytes[index]);
  if (kind != Kind::kString) {
    skip(n * kKindBytes[index], what);
    return {.element_type = std::string(kKindNames[index]), .n = n};
  }
  const auto wanted = kept_ == nullptr ? decltype(kept_->end()){} : kept_->find(key);
  // llama.cpp ends the process when a token is there twice (it renames empty ones).
  const bool is_vocabulary = key == "tokenizer.ggml.tokens";
  std::unordered_set<std::string> tokens;
  for (std::uint64_t i = 0; i < n; ++i) {
    if (is_vocabulary) {
      const std::uint64_t start = position_;
      std::string token = read_string(what, std::numeric_limits<std::uint64_t>::max());
      token.resize(std::min(token.size(), token.find('\0')));  // as llama.cpp reads it
      if (!token.empty() && !tokens.insert(token).second) {
        fail(fmt::format("token {} of the vocabulary, {}, is there twice", i, shown(token)), start);
      }
    } else if (kept_ != nullptr && wanted != kept_->end()) {
      wanted->second.push_back(read_string(what, kMaxNameBytes));
    } else {
      skip(read<std::uint64_t>(what), what);
    }
  }
  return {.element_type = "string", .n = n};
}

void Parser::read_alignment() {
  for (const auto& [key, value] : header_.metadata) {
    if (key != "general.alignment") continue;
    const auto* number = std::get_if<std::uint64_t>(&value);
    if (number == nullptr || !std::has_single_bit(*number) || *number > (1U << 30)) {
      fail("general.alignment is not a power of two", position_);
    }
    alignment_ = *number;
  }
}

void Parser::read_tensor() {
  const std::uint64_t start = position_;
  GgufTensor tensor{.name = read_string("a tensor's name", kMaxNameBytes)};
  const std::string what = "tensor " + shown(tensor.name);
  if (tensor.name.empty()) fail("a tensor without a name", start);
  if (!names_.insert(tensor.name).second) fail(what + " is there twice", start);
  read_shape(tensor, what);
  const std::uint64_t type_at = position_;
  const auto id = read<std::uint32_t>(what);
  const GgmlType* type = find_ggml_type(id);
  if (type == nullptr) {
    fail(fmt::format("{} has ggml type {}, which this version does not know", what, id), type_at,
         "Update assay, or requantise from the original when the type was removed from ggml");
  }
  tensor.type = type->name;
  tensor.offset = read<std::uint64_t>(what);  // from the start of the data until place_tensors
  if (tensor.offset % alignment_ != 0) {
    fail(fmt::format("{} starts at {}, not a multiple of {}", what, tensor.offset, alignment_),
         type_at + 4);
  }
  set_size(tensor, *type, what, start);
  header_.tensors.push_back(std::move(tensor));
}

void Parser::read_shape(GgufTensor& tensor, const std::string& what) {
  const std::uint64_t start = position_;
  const auto n_dims = read<std::uint32_t>(what);
  if (n_dims > kMaxDims) fail(fmt::format("{} has {} dimensions, 4 at most", what, n_dims), start);
  for (std::uint32_t i = 0; i < n_dims; ++i) {
    const auto size = read<std::int64_t>(what);
    if (size <= 0) fail(fmt::format("{} has dimension {}", what, size), position_ - 8);
    tensor.shape.push_back(size);
  }
  if (tensor.shape.empty()) tensor.shape.push_back(1);  // a scalar
}

void Parser::set_size(GgufTensor& tensor, const GgmlType& type, const std::string& what,
                      std::uint64_t start) const {
  if (tensor.shape[0] % type.block_weights != 0) {
    fail(fmt::format("{} has rows of {} weights, not a multiple of {}'s block of {}", what,
                     tensor.shape[0], type.name, type.block_weights),
         start);
  }
  std::int64_t n = 1, bytes = 0;
  bool overflow = false;
  for (const std::int64_t size : tensor.shape) overflow |= __builtin_mul_overflow(n, size, &n);
  overflow |=
      __builtin_mul_overflow(n / type.block_weights, std::int64_t{type.block_bytes}, &bytes);
  if (overflow) fail(what + " has more weights than can be counted", start);
  tensor.n_weights = n;
  tensor.size_bytes = bytes;
}

// Turns offsets into offsets in the file and checks that the tensors lie in it, apart from each
// other.
void Parser::place_tensors() {
  const std::uint64_t data = position_ + (alignment_ - position_ % alignment_) % alignment_;
  for (GgufTensor& tensor : header_.tensors) {
    const std::uint64_t relative = tensor.offset;
    const auto bytes = static_cast<std::uint64_t>(tensor.size_bytes);
    if (data > size_ || relative > size_ - data || bytes > size_ - data - relative) {
      std::uint64_t end = 0;
      const bool overflow =
          __builtin_add_overflow(data, relative, &end) || __builtin_add_overflow(end, bytes, &end);
      fail(overflow ? fmt::format("tensor {} lies beyond any file", shown(tensor.name))
                    : fmt::format("truncated: tensor {} ends at {} of {} bytes", shown(tensor.name),
                                  end, size_),
           size_, "Fetch the file again: it is incomplete");
    }
    tensor.offset = data + relative;
  }
  std::vector<const GgufTensor*> order;
  for (const GgufTensor& tensor : header_.tensors) order.push_back(&tensor);
  std::ranges::sort(order, {}, &GgufTensor::offset);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const GgufTensor& a = *order[i - 1];
    if (a.offset + static_cast<std::uint64_t>(a.size_bytes) > order[i]->offset) {
      fail(fmt::format("tensors {} and {} overlap", shown(a.name), shown(order[i]->name)),
           order[i]->offset);
    }
  }
}

}  // namespace

GgufHeader parse_gguf(std::istream& in, std::int64_t file_bytes, const std::string& path,
                      std::map<std::string, std::vector<std::string>>* kept) {
  return Parser(in, file_bytes, path, kept).parse();
}

}  // namespace assay
