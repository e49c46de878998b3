#include "rampart/config/config.h"

#include <algorithm>
#include <utility>

#include "rampart/base/text.h"

#include "cross_check.h"
#include "document.h"
#include "load.h"
#include "mta.h"
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

// rampart.toml alone. @return false if it is no TOML
bool read_file(Reading& reading, const std::string& name, std::string_view text) {
  const std::size_t file = reading.findings.add_file(name, std::string(text));
  return read_main(text, file, reading.findings, reading.draft, reading.places);
}

// What the file leaves open of the MTA's queue, the MTA tells; and mail is not held for longer than
// that allows, unless the file says so.
void take_queue_lifetime(Draft& draft, const Places& places, const Files& files) {
  base::Micros& lifetime = draft.engine.constants.forget_after;
  if (!places.contains("hold.queue_lifetime")) {
    const bool sendmail =
        std::any_of(draft.feed.logs.begin(), draft.feed.logs.end(),
                    [](const feed::LogSource& log) { return log.format == "sendmail"; });
    if (auto told = files.queue_lifetime(sendmail, draft.transport.postfix_config)) {
      lifetime = told->time;
      draft.queue_lifetime_origin = std::move(told->origin);
    }
  }
  if (!places.contains("hold.max_age")) {
    draft.engine.hold_max_age = std::min(draft.engine.hold_max_age, hold_age_limit(lifetime));
  }
}

// References to the reading's own members: it is filled in place.
void read_all(Reading& reading,
              const std::string& name,
              std::string_view text,
              const std::string& tables,
              const Files& files) {
  read_file(reading, name, text);
  normalise(reading.draft);
  take_queue_lifetime(reading.draft, reading.places, files);
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

// The command socket that was read, the default included; nullopt if a finding says that another
// was meant.
std::optional<std::string> socket_of(Reading& reading, const std::vector<Problem>& problems) {
  const bool given = reading.places.contains("control.socket");
  const bool doubtful = std::any_of(problems.begin(), problems.end(), [&](const Problem& problem) {
    return problem.key == "control" || problem.key == "control.socket" ||
           (!given && problem.key.starts_with("control."));
  });
  return doubtful ? std::nullopt : std::optional(std::move(reading.draft.control.socket));
}

// The text cut before each line that opens a table.
std::vector<std::string_view> tables_of(std::string_view text) {
  std::vector<std::string_view> tables;
  std::size_t begin = 0;
  for (std::size_t line = 0; line < text.size();) {
    const std::size_t end = std::min(text.find('\n', line), text.size() - 1) + 1;
    if (base::trim(text.substr(line, end - line)).starts_with('[')) {
      tables.push_back(text.substr(begin, line - begin));
      begin = line;
    }
    line = end;
  }
  tables.push_back(text.substr(begin));
  return tables;
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

LoadedFile load_file_text(const std::string& name, std::string_view text) {
  Reading reading;
  read_file(reading, name, text);
  LoadedFile loaded;
  if (!reading.findings.has_error()) {
    Draft& draft = reading.draft;
    loaded.config = std::make_unique<FileConfig>(
        FileConfig{std::move(draft.release), std::move(draft.transport), draft.log});
  }
  loaded.problems = reading.findings.take();
  return loaded;
}

LoadedFile load_file(const Where& where) {
  const auto text = read_config(where.file, RealFiles{});
  return text ? load_file_text(where.file, *text)
              : LoadedFile{nullptr, {unreadable(where.file, text.error())}};
}

FoundSocket find_socket_text(const std::string& name, std::string_view text) {
  Reading whole;
  FoundSocket found;
  const bool is_toml = read_file(whole, name, text);
  found.problems = whole.findings.take();
  if (is_toml) {
    found.path = socket_of(whole, found.problems);
    return found;
  }
  for (const std::string_view table : tables_of(text)) {
    Reading part;
    if (read_file(part, name, table) && part.places.contains("control.socket")) {
      found.path = socket_of(part, part.findings.take());
    }
  }
  return found;
}

FoundSocket find_socket(const Where& where) {
  const auto text = read_config(where.file, RealFiles{});
  return text ? find_socket_text(where.file, *text)
              : FoundSocket{std::nullopt, {unreadable(where.file, text.error())}};
}

LoadedProviders load_providers_text(const std::string& name,
                                    std::string_view text,
                                    const std::string& tables,
                                    const Files& files) {
  Reading reading;
  read_file(reading, name, text);
  reading.tables =
      load_provider_table(reading.draft, tables, reading.places, files, reading.findings);
  LoadedProviders loaded;
  if (!reading.findings.has_error()) {
    loaded.providers = std::move(reading.tables.providers);
  }
  loaded.problems = reading.findings.take();
  return loaded;
}

LoadedProviders load_providers(const Where& where) {
  const RealFiles files;
  const auto text = read_config(where.file, files);
  return text ? load_providers_text(where.file, *text, where.tables, files)
              : LoadedProviders{std::nullopt, {unreadable(where.file, text.error())}};
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
