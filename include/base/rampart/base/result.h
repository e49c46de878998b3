// Result<T>: a value, or the reason there is none.
//
// Pure: a value type; distinct objects may be used from distinct threads.
// Errors: operator*, operator-> need has_value(), error() needs !has_value(); anything else is a
// bug of the caller.
// Limits: a subset of std::expected (C++23) under the same names, to be replaced by it later.

#pragma once

#include <string>
#include <utility>
#include <variant>

namespace rampart::base {

/// Why something failed, for a person to read. Category first so that callers can branch on it.
struct Error {
  enum class Kind { InvalidInput, NotFound, Unavailable, Timeout, Corrupt, Unsupported, Denied };

  Kind kind = Kind::InvalidInput;
  std::string what;  ///< "conf/rampart.toml:12:1: error: ..."
};

/// The success of an operation that returns nothing.
struct Ok {};

template <class T = Ok>
class [[nodiscard]] Result {
 public:
  // Implicit, as in std::expected, so that `return value;` and `return Error{...};` both work.
  Result(T value)  // NOLINT(google-explicit-constructor): see above
      : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error)  // NOLINT(google-explicit-constructor): see above
      : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }
  [[nodiscard]] const Error& error() const noexcept { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace rampart::base
