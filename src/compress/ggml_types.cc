#include "compress/ggml_types.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace assay {
namespace {

constexpr std::array kGgmlTypes = {
    GgmlType{0, "F32", 1, 4, true},         GgmlType{1, "F16", 1, 2, true},
    GgmlType{2, "Q4_0", 32, 18, true},      GgmlType{3, "Q4_1", 32, 20, true},
    GgmlType{6, "Q5_0", 32, 22, true},      GgmlType{7, "Q5_1", 32, 24, true},
    GgmlType{8, "Q8_0", 32, 34, true},      GgmlType{9, "Q8_1", 32, 36, false},
    GgmlType{10, "Q2_K", 256, 84, true},    GgmlType{11, "Q3_K", 256, 110, true},
    GgmlType{12, "Q4_K", 256, 144, true},   GgmlType{13, "Q5_K", 256, 176, true},
    GgmlType{14, "Q6_K", 256, 210, true},   GgmlType{15, "Q8_K", 256, 292, false},
    GgmlType{16, "IQ2_XXS", 256, 66, true}, GgmlType{17, "IQ2_XS", 256, 74, true},
    GgmlType{18, "IQ3_XXS", 256, 98, true}, GgmlType{19, "IQ1_S", 256, 50, true},
    GgmlType{20, "IQ4_NL", 32, 18, true},   GgmlType{21, "IQ3_S", 256, 110, true},
    GgmlType{22, "IQ2_S", 256, 82, true},   GgmlType{23, "IQ4_XS", 256, 136, true},
    GgmlType{24, "I8", 1, 1, false},        GgmlType{25, "I16", 1, 2, false},
    GgmlType{26, "I32", 1, 4, false},       GgmlType{27, "I64", 1, 8, false},
    GgmlType{28, "F64", 1, 8, false},       GgmlType{29, "IQ1_M", 256, 56, true},
    GgmlType{30, "BF16", 1, 2, true},       GgmlType{34, "TQ1_0", 256, 54, true},
    GgmlType{35, "TQ2_0", 256, 66, true},   GgmlType{39, "MXFP4", 32, 17, true},
    GgmlType{40, "NVFP4", 64, 36, true},    GgmlType{41, "Q1_0", 128, 18, true},
    GgmlType{42, "Q2_0", 64, 18, true},
};

constexpr std::array kFileTypes = {
    FileType{0, "F32", "F32", NeedsImatrix::kNo},
    FileType{1, "F16", "F16", NeedsImatrix::kNo},
    FileType{32, "BF16", "BF16", NeedsImatrix::kNo},
    FileType{7, "Q8_0", "Q8_0", NeedsImatrix::kNo},
    FileType{18, "Q6_K", "Q6_K", NeedsImatrix::kNo},
    FileType{9, "Q5_1", "Q5_1", NeedsImatrix::kNo},
    FileType{8, "Q5_0", "Q5_0", NeedsImatrix::kNo},
    FileType{17, "Q5_K_M", "Q5_K", NeedsImatrix::kNo},
    FileType{16, "Q5_K_S", "Q5_K", NeedsImatrix::kNo},
    FileType{3, "Q4_1", "Q4_1", NeedsImatrix::kNo},
    FileType{2, "Q4_0", "Q4_0", NeedsImatrix::kNo},
    FileType{15, "Q4_K_M", "Q4_K", NeedsImatrix::kNo},
    FileType{14, "Q4_K_S", "Q4_K", NeedsImatrix::kNo},
    FileType{25, "IQ4_NL", "IQ4_NL", NeedsImatrix::kNo},
    FileType{30, "IQ4_XS", "IQ4_XS", NeedsImatrix::kNo},
    FileType{38, "MXFP4_MOE", "MXFP4", NeedsImatrix::kNo},
    FileType{13, "Q3_K_L", "Q3_K", NeedsImatrix::kNo},
    FileType{12, "Q3_K_M", "Q3_K", NeedsImatrix::kNo},
    FileType{11, "Q3_K_S", "Q3_K", NeedsImatrix::kNo},
    FileType{27, "IQ3_M", "IQ3_S", NeedsImatrix::kNo},
    FileType{26, "IQ3_S", "IQ3_S", NeedsImatrix::kNo},
    FileType{22, "IQ3_XS", "IQ3_S", NeedsImatrix::kSomeTensors},
    FileType{23, "IQ3_XXS", "IQ3_XXS", NeedsImatrix::kYes},
    FileType{10, "Q2_K", "Q2_K", NeedsImatrix::kNo},
    FileType{21, "Q2_K_S", "Q2_K", NeedsImatrix::kYes},
    FileType{29, "IQ2_M", "IQ2_S", NeedsImatrix::kYes},
    FileType{28, "IQ2_S", "IQ2_XS", NeedsImatrix::kYes},
    FileType{20, "IQ2_XS", "IQ2_XS", NeedsImatrix::kYes},
    FileType{19, "IQ2_XXS", "IQ2_XXS", NeedsImatrix::kYes},
    FileType{41, "Q2_0", "Q2_0", NeedsImatrix::kNo},
    FileType{37, "TQ2_0", "TQ2_0", NeedsImatrix::kNo},
    FileType{36, "TQ1_0", "TQ1_0", NeedsImatrix::kNo},
    FileType{31, "IQ1_M", "IQ1_M", NeedsImatrix::kYes},
    FileType{24, "IQ1_S", "IQ1_S", NeedsImatrix::kYes},
    FileType{40, "Q1_0", "Q1_0", NeedsImatrix::kNo},
};

struct Alias {
  std::string_view alias, name;
};
constexpr std::array kAliases = {Alias{"Q3_K", "Q3_K_M"}, Alias{"Q4_K", "Q4_K_M"},
                                 Alias{"Q5_K", "Q5_K_M"}};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::toupper(static_cast<unsigned char>(x)) ==
           std::toupper(static_cast<unsigned char>(y));
  });
}

template <typename Table, typename Match>
auto find_in(const Table& table, Match match) -> const typename Table::value_type* {
  const auto found = std::ranges::find_if(table, match);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace

std::span<const GgmlType> all_ggml_types() { return kGgmlTypes; }

const GgmlType* find_ggml_type(std::uint32_t id) {
  return find_in(kGgmlTypes, [id](const GgmlType& type) { return type.id == id; });
}

const GgmlType* find_ggml_type(std::string_view name) {
  return find_in(kGgmlTypes,
                 [name](const GgmlType& type) { return equal_ignoring_case(type.name, name); });
}

std::span<const FileType> file_types() { return kFileTypes; }

const FileType* file_type(std::uint64_t id) {
  return find_in(kFileTypes, [id](const FileType& type) { return type.id == id; });
}

const FileType* file_type_named(std::string_view name) {
  for (const Alias& alias : kAliases) {
    if (equal_ignoring_case(alias.alias, name)) name = alias.name;
  }
  return find_in(kFileTypes,
                 [name](const FileType& type) { return equal_ignoring_case(type.name, name); });
}

}  // namespace assay
