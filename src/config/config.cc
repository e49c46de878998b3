#include "rampart/config/config.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cross_check.h"
#include "document.h"
#include "load.h"
#include "show.h"
#include "source_check.h"
#include "tables.h"

namespace rampart::config {
namespace {

// Everything read from one file, before it becomes a Config.
struct Reading {
  Draft draft;
  Places places;
  Findings findings;
  Tables tables;
  std::optional<provider::SenderTable> senders;
};

// Each rule's sender by itself where the whole fails, so that the finding has a place.
void build_senders(Reading& reading) {
  const Draft& draft = reading.draft;
  if (auto built = provider::SenderTable::build(draft.senders, {}); !built) {
    reading.findings.add_lines(built.error().what, {});
    return;
  }
  std::vector<std::string> named;
  for (const policy::Rule& rule : draft.engine.rules) {
    named.push_back(rule.sender);
  }
  if (auto built = provider::SenderTable::build(draft.senders, named)) {
    reading.senders = std::move(*built);
    return;
  }
  for (std::size_t i = 0; i < named.size(); ++i) {
    const auto built = provider::SenderTable::build(draft.senders, {named[i]});
    if (!built) {
      reading.findings.add_lines(built.error().what,
                                 place_of(reading.places, {element("rule", i) + ".sender"}));
    }
  }
}

// References to the reading's own members: it is filled in place.
void read_all(Reading& reading,
              const std::string& name,
              std::string_view text,
              const std::string& tables,
              const Files& files) {
  const std::size_t file = reading.findings.add_file(name, std::string(text));
  read_main(text, file, reading.findings, reading.draft, reading.places);
  normalise(reading.draft);
  check_values(reading.draft, reading.places, reading.findings);
  check_sources(reading.draft, reading.places, reading.findings);
  check_source_files(reading.draft, reading.places, files, reading.findings);
  check_files(reading.draft, reading.places, files, reading.findings);
  build_senders(reading);
  reading.tables = load_tables(reading.draft, tables, reading.places, files, reading.findings);
  if (reading.tables.providers) {
    check_providers(reading.draft, *reading.tables.providers, reading.places, reading.findings);
  }
}

// What is in force where the file says nothing and the default is not a constant.
void complete(Draft& draft, const Files& files) {
  draft.token = wants_token(draft);
  if (draft.engine.host_names.empty()) {
    draft.engine.host_names = files.host_names();
  }
}

// Texts that were checked when they were read.
std::vector<provider::Network> networks_of(const std::vector<std::string>& texts) {
  std::vector<provider::Network> networks;
  for (const std::string& text : texts) {
    if (auto network = provider::Network::parse(text)) {
      networks.push_back(std::move(*network));
    }
  }
  return networks;
}

std::vector<feed::MailSource> mailboxes_of(const Draft& draft) {
  std::vector<feed::MailSource> mailboxes;
  for (const std::string& path : draft.maildirs) {
    mailboxes.push_back({path, feed::MailSource::Kind::Maildir});
  }
  for (const std::string& path : draft.mboxes) {
    mailboxes.push_back({path, feed::MailSource::Kind::Mbox});
  }
  return mailboxes;
}

std::unique_ptr<Config> make_config(Reading& reading, const Files& files) {
  Draft& draft = reading.draft;
  complete(draft, files);
  draft.engine.token = *draft.token;
  draft.engine.reads_notices = has_door(draft) || *draft.token;
  draft.feed.mailboxes = mailboxes_of(draft);
  draft.feed.history = draft.history;
  draft.engine.outbound.networks = networks_of(draft.networks);
  draft.engine.own_addresses = networks_of(draft.own_addresses);
  draft.engine.has_log_source = !draft.feed.logs.empty() || draft.engine.lines_brought;
  auto config = std::make_unique<Config>();
  config->at_start = values_at_start(draft);
  config->policy = std::make_shared<const policy::Policy>(policy::Policy{
      std::move(draft.engine), std::move(*reading.tables.providers), std::move(*reading.senders),
      std::move(*reading.tables.replies), std::move(reading.tables.phrases)});
  config->milter = std::move(draft.milter);
  config->feed = std::move(draft.feed);
  config->control = std::move(draft.control);
  config->release = std::move(draft.release);
  config->log = draft.log;
  config->transport = std::move(draft.transport);
  config->store_url = std::move(draft.store_url);
  config->suppression_lists = std::move(draft.lists);
  return config;
}

// The text of the file, or a finding.
base::Result<std::string> read_config(const std::string& file, const Files& files) {
  if (file.empty()) {
    return std::string();
  }
  return files.read(file, Trust::Any);
}

Problem unreadable(const std::string& file, const base::Error& error) {
  Problem problem;
  problem.file = file;
  problem.text = "cannot be read: " + error.what;
  return problem;
}

}  // namespace

std::vector<std::string> find_restart_keys(const Config& before, const Config& after) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : after.at_start) {
    if (std::find(before.at_start.begin(), before.at_start.end(), std::pair(key, value)) ==
        before.at_start.end()) {
      keys.push_back(key);
    }
  }
  return keys;
}

Loaded load_text(const std::string& name,
                 std::string_view text,
                 const std::string& tables,
                 const Files& files) {
  Reading reading;
  read_all(reading, name, text, tables, files);
  Loaded loaded;
  const bool complete = reading.senders && reading.tables.providers && reading.tables.replies;
  if (!reading.findings.has_error() && complete) {
    loaded.config = make_config(reading, files);
  }
  loaded.problems = reading.findings.take();
  return loaded;
}

std::vector<Setting> show_text(const std::string& name,
                               std::string_view text,
                               const std::string& tables,
                               const Files& files) {
  Reading reading;
  read_all(reading, name, text, tables, files);
  if (reading.findings.has_error()) {
    return {};
  }
  reading.draft.tables = reading.tables.directory;
  complete(reading.draft, files);
  return show_draft(std::move(reading.draft), reading.places, name);
}

LoadedHelper load_helper_text(const std::string& name, std::string_view text) {
  Draft draft;
  Places places;
  Findings findings;
  read_main(text, findings.add_file(name, std::string(text)), findings, draft, places);
  LoadedHelper loaded;
  if (!findings.has_error()) {
    loaded.config =
        std::make_unique<HelperConfig>(HelperConfig{std::move(draft.release), draft.log});
  }
  loaded.problems = findings.take();
  return loaded;
}

LoadedHelper load_helper(const Where& where) {
  const auto text = read_config(where.file, RealFiles{});
  if (!text) {
    return {nullptr, {unreadable(where.file, text.error())}};
  }
  return load_helper_text(where.file, *text);
}

Loaded load(const Where& where) {
  const RealFiles files;
  const auto text = read_config(where.file, files);
  if (!text) {
    return {nullptr, {unreadable(where.file, text.error())}};
  }
  return load_text(where.file, *text, where.tables, files);
}

std::vector<Setting> show(const Where& where) {
  const RealFiles files;
  const auto text = read_config(where.file, files);
  return text ? show_text(where.file, *text, where.tables, files) : std::vector<Setting>{};
}

}  // namespace rampart::config
