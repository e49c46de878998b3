#include "reader.h"

#include <cmath>
#include <set>

#include <fmt/format.h>

#include "rampart/base/text.h"

#include "render.h"

namespace rampart::config {
namespace {

constexpr std::size_t kShownBytesMax = 80;

std::string shown(const toml::node& node) {
  if (const auto* text = node.as_string()) {
    return '"' + base::printable(text->get(), kShownBytesMax) + '"';
  }
  if (const auto* number = node.as_integer()) {
    return std::to_string(number->get());
  }
  if (const auto* number = node.as_floating_point()) {
    return render(number->get());
  }
  if (const auto* flag = node.as_boolean()) {
    return flag->get() ? "true" : "false";
  }
  if (node.is_table()) {
    return "a table";
  }
  return node.is_array() ? "an array" : "a date or time";
}

double seconds(base::Micros duration) {
  return std::chrono::duration<double>(duration).count();
}

base::Micros micros(double seconds) {
  return std::chrono::round<base::Micros>(std::chrono::duration<double>(seconds));
}

}  // namespace

std::optional<toml::table> parse_toml(std::string_view text, std::size_t file, Findings& findings) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    findings.error({file, begin.line, begin.column}, "", base::printable(error.description()));
    return std::nullopt;
  }
}

std::string join(std::string_view level, std::string_view key) {
  return level.empty() ? std::string(key) : fmt::format("{}.{}", level, key);
}

Place Reader::place_of(const toml::source_region& source) const {
  return {file_, source.begin.line, source.begin.column};
}

std::string Reader::where(const toml::node& node) const {
  const auto& begin = node.source().begin;
  return fmt::format("{}:{}:{}", findings_.name_of(file_), begin.line, begin.column);
}

void Reader::misfit(const Misfit& misfit, const std::string& name) {
  error(*misfit.node, name,
        fmt::format("\"{}\" {}, not {}", name, misfit.must, shown(*misfit.node)));
}

void Reader::error(const toml::node& node, const std::string& name, std::string text) {
  findings_.error(place_of(node.source()), name, std::move(text));
}

void Reader::note(const std::string& path, const toml::source_region& source) {
  if (places_ != nullptr) {
    places_->insert_or_assign(path, place_of(source));
  }
}

void Reader::unknown(const toml::key& key,
                     const std::string& section,
                     const Level& level,
                     const std::vector<std::string_view>& all_names) {
  const std::string prefix = section.empty() ? "" : section + '.';
  std::set<std::string_view> here;
  std::string_view elsewhere;
  std::size_t namesakes = 0;
  for (const std::string_view name : all_names) {
    if (name.starts_with(prefix)) {
      const std::string_view rest = name.substr(prefix.size());
      here.insert(rest.substr(0, rest.find('.')));
    }
    const std::size_t dot = name.rfind('.');
    if (name.substr(dot == std::string_view::npos ? 0 : dot + 1) == key.str()) {
      elsewhere = dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
      ++namesakes;
    }
  }
  const std::string name = base::printable(key.str(), kShownBytesMax);
  std::string text = fmt::format("unknown key \"{}\"", name);
  const std::string_view nearest =
      key.str().size() > kShownBytesMax
          ? std::string_view{}
          : base::find_nearest(key.str(), std::vector<std::string_view>(here.begin(), here.end()));
  if (namesakes == 1 && !elsewhere.empty()) {
    text += fmt::format("; it belongs in [{}]", elsewhere);
  } else if (!nearest.empty()) {
    text += fmt::format("; did you mean \"{}\"?", nearest);
  }
  findings_.error(place_of(key.source()), join(join(level.name, section), name), std::move(text));
}

Fit read_value(const toml::node& node, bool& value, const Range&, TextCheck) {
  const auto* flag = node.as_boolean();
  if (flag == nullptr) {
    return Misfit{&node, "must be true or false"};
  }
  value = flag->get();
  return {};
}

Fit read_value(const toml::node& node,
               std::optional<bool>& value,
               const Range& range,
               TextCheck check) {
  bool flag = false;
  Fit bad = read_value(node, flag, range, check);
  if (!bad) {
    value = flag;
  }
  return bad;
}

Fit read_value(const toml::node& node, std::uint32_t& value, const Range& range, TextCheck) {
  const auto* number = node.as_integer();
  const double given = number == nullptr ? -1 : static_cast<double>(number->get());
  if (number == nullptr || given < range.min || given > range.max) {
    const bool tells_max = range.max < Range{}.max || given > range.max;
    return Misfit{&node, tells_max
                             ? fmt::format("must be a whole number from {:.0f} to {:.0f}",
                                           range.min, range.max)
                             : fmt::format("must be a whole number of {:.0f} or more", range.min)};
  }
  value = static_cast<std::uint32_t>(number->get());
  return {};
}

Fit read_value(const toml::node& node, std::size_t& value, const Range& range, TextCheck check) {
  std::uint32_t number = 0;
  Fit bad = read_value(node, number, range, check);
  if (!bad) {
    value = number;
  }
  return bad;
}

Fit read_value(const toml::node& node, double& value, const Range& range, TextCheck) {
  const auto number = node.is_number() ? node.value<double>() : std::nullopt;
  if (!number || !std::isfinite(*number) || *number < range.min || *number > range.max) {
    return Misfit{
        &node, fmt::format("must be a number from {} to {}", render(range.min), render(range.max))};
  }
  value = *number;
  return {};
}

Fit read_value(const toml::node& node, base::Micros& value, const Range& range, TextCheck) {
  const auto* text = node.as_string();
  const auto duration = text != nullptr ? base::parse_duration(text->get()) : std::nullopt;
  if (!duration) {
    return Misfit{
        &node,
        "must be a duration with its unit, such as \"250ms\", \"90s\", \"15m\", \"6h\" or "
        "\"45d\""};
  }
  if (seconds(*duration) < range.min || seconds(*duration) > range.max) {
    return Misfit{&node, fmt::format("must be a duration from {} to {}", render(micros(range.min)),
                                     render(micros(range.max)))};
  }
  value = *duration;
  return {};
}

Fit read_value(const toml::node& node, std::string& value, const Range&, TextCheck check) {
  const auto* text = node.as_string();
  if (text == nullptr) {
    return Misfit{&node, "must be a text in quotes"};
  }
  if (std::string must = check != nullptr ? check(text->get()) : ""; !must.empty()) {
    return Misfit{&node, std::move(must)};
  }
  value = text->get();
  return {};
}

Fit read_value(const toml::node& node,
               std::optional<std::string>& value,
               const Range& range,
               TextCheck check) {
  std::string text;
  Fit bad = read_value(node, text, range, check);
  if (!bad) {
    value = std::move(text);
  }
  return bad;
}

namespace {

template <class V>
Fit read_array(const toml::node& node,
               std::vector<V>& value,
               const Range& range,
               TextCheck check,
               std::string_view must) {
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    return Misfit{&node, std::string(must)};
  }
  std::vector<V> values;
  for (const toml::node& item : *array) {
    if (Fit bad = read_value(item, values.emplace_back(), range, check)) {
      return bad;
    }
  }
  value = std::move(values);
  return {};
}

}  // namespace

Fit read_value(const toml::node& node,
               std::vector<std::string>& value,
               const Range& range,
               TextCheck check) {
  return read_array(node, value, range, check, "must be texts in brackets, as in [\"a\", \"b\"]");
}

Fit read_value(const toml::node& node,
               std::vector<std::uint32_t>& value,
               const Range& range,
               TextCheck check) {
  return read_array(node, value, range, check,
                    "must be whole numbers in brackets, as in [50, 100]");
}

std::string must_be(const std::vector<std::string_view>& words) {
  std::vector<std::string> allowed;
  for (const std::string_view word : words) {
    if (!word.empty()) {
      allowed.push_back(fmt::format("\"{}\"", word));
    }
  }
  return fmt::format("must be {}{}", allowed.size() > 2 ? "one of " : "",
                     fmt::join(allowed, allowed.size() > 2 ? ", " : " or "));
}

Fit read_word(const toml::node& node,
              const std::vector<std::string_view>& words,
              std::size_t& index) {
  const auto* text = node.as_string();
  const auto found = text == nullptr || text->get().empty()
                         ? words.end()
                         : std::find(words.begin(), words.end(), text->get());
  if (found != words.end()) {
    index = static_cast<std::size_t>(found - words.begin());
    return {};
  }
  return Misfit{&node, must_be(words)};
}

}  // namespace rampart::config
