// Inside core only: structs to JSON and back, each field named once. A struct takes part by a
// template fields_of(io, t) in namespace assay that calls io("name", t.member) for each field; an
// enum by EnumNames.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/json_values.h"

namespace assay::json {

template <typename Enum>
struct EnumNames;  // static constexpr const char* kNames[] in the enum's order

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

template <typename Enum>
Enum read_enum(const Json& json, const char* field) {
  const std::string text = json.get<std::string>();
  int i = 0;
  for (const char* name : EnumNames<Enum>::kNames) {
    if (text == name) return static_cast<Enum>(i);
    ++i;
  }
  throw Error(ErrorKind::kBadInput, "'" + text + "' is no " + field, field);
}

class Writer {
 public:
  template <typename T>
  void operator()(const char* name, const T& value) {
    json_[name] = encode(value, name);
  }
  template <typename T>
  void added(const char* name, const T& value) {
    (*this)(name, value);
  }
  Json take() { return std::move(json_); }

 private:
  template <typename T>
  static Json encode(const T& value, const char* name) {
    if constexpr (std::is_same_v<T, double>) {
      return number(value, name);
    } else if constexpr (std::is_arithmetic_v<T>) {
      return value;
    } else if constexpr (std::is_same_v<T, std::string>) {
      return exact_text(value);
    } else if constexpr (std::is_enum_v<T>) {
      return EnumNames<T>::kNames[static_cast<int>(value)];
    } else if constexpr (std::is_same_v<T, Estimate>) {
      return estimate(value, name);
    } else if constexpr (std::is_same_v<T, Interval>) {
      return {number(value.low, name), number(value.high, name)};
    } else if constexpr (IsOptional<T>::value) {
      return value ? encode(*value, name) : Json(nullptr);
    } else if constexpr (IsVector<T>::value) {
      Json list = Json::array();
      for (const auto& element : value) list.push_back(encode(element, name));
      return list;
    } else {
      Writer inner;
      fields_of(inner, value);
      return inner.take();
    }
  }
  Json json_ = Json::object();
};

class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}
  template <typename T>
  void operator()(const char* name, T& value) {
    decode(json_.at(name), value, name);
  }
  // A field that came later: documents from before lack it.
  template <typename T>
  void added(const char* name, T& value) {
    if (json_.contains(name)) (*this)(name, value);
  }

 private:
  template <typename T>
  static void decode(const Json& json, T& value, const char* name) {
    if constexpr (std::is_arithmetic_v<T>) {
      value = json.get<T>();
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = read_exact_text(json);
    } else if constexpr (std::is_enum_v<T>) {
      value = read_enum<T>(json, name);
    } else if constexpr (std::is_same_v<T, Estimate>) {
      value = read_estimate(json);
    } else if constexpr (std::is_same_v<T, Interval>) {
      value = {json.at(0).get<double>(), json.at(1).get<double>()};
    } else if constexpr (IsOptional<T>::value) {
      if (!json.is_null()) decode(json, value.emplace(), name);
    } else if constexpr (IsVector<T>::value) {
      for (const Json& element : json) decode(element, value.emplace_back(), name);
    } else {
      Reader inner(json);
      fields_of(inner, value);
    }
  }
  const Json& json_;
};

}  // namespace assay::json
