#include "render.h"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace rampart::config {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

template <class V>
std::string render_array(const std::vector<V>& values) {
  std::string out = "[";
  for (const V& value : values) {
    out += (out.size() > 1 ? ", " : "") + render(value);
  }
  return out + ']';
}

}  // namespace

std::string render(bool value) {
  return value ? "true" : "false";
}

std::string render(std::uint32_t value) {
  return std::to_string(value);
}

std::string render(std::size_t value) {
  return std::to_string(value);
}

std::string render(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) {
    text += ".0";
  }
  return text;
}

std::string render(base::Micros value) {
  static constexpr std::array<std::pair<base::Micros, std::string_view>, 5> kUnits{
      {{24h, "d"}, {1h, "h"}, {1min, "m"}, {1s, "s"}, {1ms, "ms"}}};
  std::string out;
  for (const auto& [length, unit] : kUnits) {
    if (value >= length) {
      out += fmt::format("{}{}", value / length, unit);
      value %= length;
    }
  }
  return '"' + (out.empty() ? "0s" : out) + '"';
}

std::string render(const std::string& value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string render(const std::vector<std::string>& values) {
  return render_array(values);
}

std::string render(const std::vector<std::uint32_t>& values) {
  return render_array(values);
}

}  // namespace rampart::config
