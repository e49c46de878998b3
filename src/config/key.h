// How one key of the configuration is described: name, place of its value, type, limits.
//
// Key<T> lists are data: reading, suggestions for unknown keys, `config show` and the test of the
// documented defaults are all driven by them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "rampart/base/time.h"

namespace rampart::config {

/// Where in a T the value of a key is kept.
template <class T, class V>
using Slot = V& (*)(T&);

/// A key that takes one of some words.
template <class T>
struct Choice {
  std::vector<std::string_view> words;  ///< in the order of the enumerators; "": not for this key
  void (*set)(T&, std::size_t);
  std::optional<std::size_t> (*get)(T&);  ///< nullopt: not set
};

template <class T>
using Field = std::variant<Slot<T, bool>,
                           Slot<T, std::optional<bool>>,
                           Slot<T, std::uint32_t>,
                           Slot<T, std::size_t>,
                           Slot<T, double>,
                           Slot<T, base::Micros>,
                           Slot<T, std::string>,
                           Slot<T, std::optional<std::string>>,
                           Slot<T, std::vector<std::string>>,
                           Slot<T, std::vector<std::uint32_t>>,
                           Choice<T>>;

/// Looks at one text. @return "" or what it must be: "must be an absolute path".
using TextCheck = std::string (*)(std::string_view);

/// Smallest and largest value; of durations in seconds.
struct Range {
  double min = 0;
  double max = std::numeric_limits<std::uint32_t>::max();
};

template <class T>
struct Key {
  std::string_view name;  ///< dotted: "ramp.memory"
  Field<T> field;
  Range range{};
  TextCheck check = nullptr;  ///< of a text, or of each text of an array
  bool is_required = false;
  bool needs_restart = false;  ///< a reload leaves the old value in force
};

/// The key of something that is set up when the service starts.
template <class T>
Key<T> at_start(Key<T> key) {
  key.needs_restart = true;
  return key;
}

namespace detail {

template <class M>
struct MemberOf;
template <class C, class V>
struct MemberOf<V C::*> {
  using Class = C;
};

template <auto First, auto...>
struct Head {
  using Class = typename MemberOf<decltype(First)>::Class;
};
template <auto... Path>
using ClassOf = typename Head<Path...>::Class;

template <auto First, auto... Rest, class T>
constexpr auto& follow(T& object) {
  if constexpr (sizeof...(Rest) == 0) {
    return object.*First;
  } else {
    return follow<Rest...>(object.*First);
  }
}

template <class V>
struct Plain {
  using Type = V;
};
template <class V>
struct Plain<std::optional<V>> {
  using Type = V;
};

template <auto... Path>
using ValueAt =
    std::remove_reference_t<decltype(follow<Path...>(std::declval<ClassOf<Path...>&>()))>;

}  // namespace detail

/// slot<&Draft::engine, &policy::Options::plan>(): the way from a T to the value.
template <auto... Path>
constexpr Slot<detail::ClassOf<Path...>, detail::ValueAt<Path...>> slot() {
  return [](detail::ClassOf<Path...>& object) -> detail::ValueAt<Path...>& {
    return detail::follow<Path...>(object);
  };
}

/// An enumeration, a bool, or an optional of these, spelled by words in the order of its values.
template <auto... Path>
Choice<detail::ClassOf<Path...>> choice(std::vector<std::string_view> words) {
  using T = detail::ClassOf<Path...>;
  using Value = detail::ValueAt<Path...>;
  using Enum = typename detail::Plain<Value>::Type;
  return {std::move(words),
          [](T& object, std::size_t index) {
            detail::follow<Path...>(object) = static_cast<Enum>(index);
          },
          [](T& object) -> std::optional<std::size_t> {
            const Value& value = detail::follow<Path...>(object);
            if constexpr (std::is_same_v<Enum, Value>) {
              return static_cast<std::size_t>(value);
            } else {
              return value ? std::optional(static_cast<std::size_t>(*value)) : std::nullopt;
            }
          }};
}

}  // namespace rampart::config
