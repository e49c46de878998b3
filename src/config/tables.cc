#include "tables.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cross_check.h"
#include "document.h"

namespace rampart::config {
namespace {

constexpr std::string_view kReplies = "replies.toml";
constexpr std::string_view kProviders = "providers.toml";
constexpr std::string_view kNotices = "notices.toml";

std::string in_directory(std::string_view directory, std::string_view name) {
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", name);
}

// @return "" with a finding if there are no tables.
std::string find_directory(const Draft& draft,
                           const std::string& directory,
                           const Files& files,
                           Findings& findings) {
  if (!directory.empty() || !draft.tables.empty()) {
    return directory.empty() ? draft.tables : directory;
  }
  std::string tried;
  for (const std::string& candidate : files.table_directories()) {
    const auto probed = files.probe(in_directory(candidate, kReplies), Trust::Strict);
    // A table that may not be used must be heard of, not passed over.
    if (probed || probed.error().kind != base::Error::Kind::NotFound) {
      return candidate;
    }
    tried += (tried.empty() ? "" : ", ") + candidate;
  }
  findings.error({}, "tables",
                 fmt::format("the tables shipped with rampart ({}, {}, {}) are not in: {}; name "
                             "their directory with tables = \"/DIRECTORY\"",
                             kReplies, kProviders, kNotices, tried));
  return "";
}

struct Text {
  std::size_t file = 0;
  std::string text;
};

// @param place  of the key that named the file
std::optional<Text> read_text(const std::string& path,
                              const Place& place,
                              const Files& files,
                              Findings& findings) {
  auto text = files.read(path, Trust::Strict);
  if (!text) {
    findings.error(place, "", fmt::format("{}: {}", path, text.error().what));
    return std::nullopt;
  }
  return Text{findings.add_file(path, *text), std::move(*text)};
}

}  // namespace

Tables load_provider_table(const Draft& draft,
                           const std::string& directory,
                           const Places& places,
                           const Files& files,
                           Findings& findings) {
  Tables tables;
  tables.directory = find_directory(draft, directory, files, findings);
  if (tables.directory.empty()) {
    return tables;
  }
  tables.place = place_of(places, {directory.empty() ? "tables" : ""});
  std::vector<provider::ProviderSpec> specs;
  if (const auto text =
          read_text(in_directory(tables.directory, kProviders), tables.place, files, findings)) {
    specs = read_providers(text->text, text->file, findings);
  }
  specs.insert(specs.end(), draft.providers.begin(), draft.providers.end());
  if (auto built = provider::Table::build(specs)) {
    tables.providers = std::move(*built);
  } else {
    findings.add_lines(built.error().what, {});
  }
  return tables;
}

Tables load_tables(const Draft& draft,
                   const std::string& directory,
                   const Places& places,
                   const Files& files,
                   Findings& findings) {
  std::vector<reply::Rule> own_rules;
  const Place own_place = place_of(places, {"replies.file"});
  if (!draft.replies_file.empty()) {
    if (const auto own = read_text(draft.replies_file, own_place, files, findings)) {
      own_rules = read_replies(own->text, own->file, findings);
    }
  }
  Tables tables = load_provider_table(draft, directory, places, files, findings);
  if (tables.directory.empty()) {
    return tables;
  }
  if (const auto notices =
          read_text(in_directory(tables.directory, kNotices), tables.place, files, findings)) {
    tables.phrases = read_notices(notices->text, notices->file, findings);
  }
  if (const auto replies =
          read_text(in_directory(tables.directory, kReplies), tables.place, files, findings)) {
    auto rules = read_replies(replies->text, replies->file, findings);
    if (auto compiled = reply::Table::compile(std::move(own_rules), std::move(rules))) {
      tables.replies = std::move(*compiled);
    } else {
      findings.add_lines(compiled.error().what, {replies->file, 0, 0});
    }
  }
  return tables;
}

}  // namespace rampart::config
