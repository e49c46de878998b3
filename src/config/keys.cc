#include "keys.h"

#include "text_check.h"

namespace rampart::config {
namespace {

using policy::Options;
using ramp::Constants;

constexpr double kMillisecond = 0.001;
constexpr double kMinute = 60;
constexpr double kHour = 60 * kMinute;
constexpr double kDay = 24 * kHour;
constexpr double kYear = 365 * kDay;

constexpr Range kFromOne{1};
constexpr Range kShare{0.001, 1};  // a share of 0 would stop mail altogether
constexpr Range kFactor{1, 100};
constexpr Range kPause{1, 30 * kDay};
constexpr Range kMemory{kDay, 47 * kDay};  // the peaks of 48 days are kept

// Words in the order of policy::Action; "" where an action makes no sense.
const std::vector<std::string_view> kOver{"accept", "defer", "", "hold", "tag", "", "auto"};
const std::vector<std::string_view> kSuppressed{"accept", "defer", "reject", "hold", "tag", "drop"};
const std::vector<std::string_view> kNonSmtpSuppressed{"", "", "", "hold", "", "drop"};
const std::vector<std::string_view> kModes{"observe", "enforce"};

template <auto Member>
constexpr auto milter_slot = slot<&Draft::milter, Member>();
template <auto Member>
constexpr auto engine_slot = slot<&Draft::engine, Member>();
template <auto Member>
constexpr auto outbound_slot = slot<&Draft::engine, &Options::outbound, Member>();
template <auto Member>
constexpr auto constant = slot<&Draft::engine, &Options::constants, Member>();
template <auto Member>
constexpr auto guard_slot =
    slot<&Draft::engine, &Options::suppression, &suppression::Options::guard, Member>();
template <auto Member>
constexpr auto suppression_slot = slot<&Draft::engine, &Options::suppression, Member>();

using Keys = std::vector<Key<Draft>>;

Keys general_keys() {
  return {
      {"mode", choice<&Draft::engine, &Options::mode>(kModes)},
      {"tables", slot<&Draft::tables>(), {}, check_optional_path},
      at_start<Draft>({"milter.listen", milter_slot<&milter::Options::listen>, {}, check_listen}),
      at_start<Draft>(
          {"milter.socket_group", milter_slot<&milter::Options::socket_group>, {}, check_group}),
      at_start<Draft>({"milter.on_error",
                       choice<&Draft::milter, &milter::Options::on_error>({"accept", "tempfail"})}),
      {"milter.non_smtp_suppressed",
       choice<&Draft::engine, &Options::non_smtp_suppressed>(kNonSmtpSuppressed)},
      {"outbound.local_mailers", outbound_slot<&policy::Outbound::local_mailers>, {}, check_mailer},
      {"outbound.local_domains", outbound_slot<&policy::Outbound::local_domains>, {}, check_domain},
      {"outbound.networks", slot<&Draft::networks>(), {}, check_network},
      {"outbound.authenticated_only", outbound_slot<&policy::Outbound::authenticated_only>},
      {"host.plan", engine_slot<&Options::host_plan>},
      {"replies.file", slot<&Draft::replies_file>(), {}, check_optional_path},
      {"report.max_lag", engine_slot<&Options::max_lag>, {1, kDay}},
      {"report.smarthost", engine_slot<&Options::smarthost>},
      {"report.brought", engine_slot<&Options::lines_brought>},
      {"report.history", slot<&Draft::history>(), {}, check_path},
      {"report.own_addresses", slot<&Draft::own_addresses>(), {}, check_network},
      at_start<Draft>({"dsn.milter", milter_slot<&milter::Options::read_notices>}),
      at_start<Draft>({"dsn.maildir", slot<&Draft::maildirs>(), {}, check_path}),
      at_start<Draft>({"dsn.mbox", slot<&Draft::mboxes>(), {}, check_path}),
      {"dsn.token", slot<&Draft::token>()},
      {"dsn.keep", engine_slot<&Options::token_lifetime>, {kDay, kYear}},
      {"dsn.host_names", engine_slot<&Options::host_names>, {}, check_domain},
      at_start<Draft>({"store.url", slot<&Draft::store_url>(), {}, check_store_url}),
      {"store.deadline", engine_slot<&Options::store_deadline>, {kMillisecond, 10}},
      {"store.on_loss", choice<&Draft::engine, &Options::on_loss>({"share", "defer", "accept"})},
      {"store.keep", engine_slot<&Options::keep>, {kHour, kYear}},
      {"store.lease_time", engine_slot<&Options::lease_time>, {1, 10 * kMinute}},
      at_start<Draft>({"control.socket",
                       slot<&Draft::control, &control::Options::socket>(),
                       {},
                       check_socket_path}),
      at_start<Draft>(
          {"control.group", slot<&Draft::control, &control::Options::group>(), {}, check_group}),
      at_start<Draft>({"hold.releaser",
                       slot<&Draft::release, &release::Options::socket>(),
                       {},
                       check_optional_socket_path}),
      at_start<Draft>(
          {"hold.key", slot<&Draft::release, &release::Options::key_file>(), {}, check_path}),
      at_start<Draft>({"transport.table",
                       slot<&Draft::transport, &transport::Options::table>(),
                       {},
                       check_transport_table}),
      at_start<Draft>({"transport.postmap",
                       slot<&Draft::transport, &transport::Options::postmap>(),
                       {},
                       check_path}),
      at_start<Draft>({"transport.postfix_config",
                       slot<&Draft::transport, &transport::Options::postfix_config>(),
                       {},
                       check_optional_path}),
      {"log.level",
       choice<&Draft::log, &telemetry::LogOptions::level>({"debug", "info", "warning", "error"})},
      {"log.recipients",
       choice<&Draft::log, &telemetry::LogOptions::recipients>({"full", "domain"})},
  };
}

Keys ramp_keys() {
  return {
      {"ramp.plan", engine_slot<&Options::default_plan>},
      {"ramp.over", choice<&Draft::engine, &Options::over>(kOver)},
      {"ramp.new_senders_per_day", engine_slot<&Options::new_senders_per_day>, kFromOne},
      {"ramp.warn_wait", engine_slot<&Options::warn_wait>, {kMinute, 30 * kDay}},
      {"ramp.null_per_hour", engine_slot<&Options::null_per_hour>, kFromOne},
      {"ramp.memory", constant<&Constants::memory>, kMemory},
      {"ramp.hourly_share", constant<&Constants::hourly_share>, kShare},
      {"ramp.hour_min", constant<&Constants::hour_min>, {1, 1e9}},
      {"ramp.burst", constant<&Constants::burst>, {0, kHour}},
      {"ramp.burst_min", constant<&Constants::burst_min>, {1, 1e9}},
      {"ramp.flight_share", constant<&Constants::flight_share>, kShare},
      {"ramp.flight_min", constant<&Constants::flight_min>, kFromOne},
      {"ramp.flight_new", constant<&Constants::flight_new>, kFromOne},
      {"ramp.first_contact", constant<&Constants::first_contact>, kFromOne},
      {"ramp.ceiling", constant<&Constants::ceiling>, kFactor},
      {"ramp.new_ceiling", constant<&Constants::new_ceiling>, kFactor},
      {"ramp.probe_step", constant<&Constants::probe_step>, {0, 1}},
      {"ramp.probe_every", constant<&Constants::probe_every>, {1, kDay}},
      {"ramp.quiet", constant<&Constants::quiet>, {1, 30 * kDay}},
      {"ramp.growth_limited", constant<&Constants::growth_limited>, kFactor},
      {"ramp.limited_for", constant<&Constants::limited_for>, {1, 47 * kDay}},
      {"ramp.limit_after", constant<&Constants::limit_after>, {1, kDay}},
      {"ramp.hour", constant<&Constants::hour>, {0.1, kHour}},
  };
}

Keys backoff_keys() {
  return {
      {"hold.queue_lifetime", constant<&Constants::forget_after>, {kHour, 100 * kDay}},
      {"hold.max_age", engine_slot<&Options::hold_max_age>, {kMinute, 30 * kDay}},
      {"backoff.pause", constant<&Constants::pause>, kPause},
      {"backoff.max_pause", constant<&Constants::max_pause>, kPause},
      {"backoff.wait_deferred", constant<&Constants::wait_deferred>, kPause},
      {"backoff.unknown_run", constant<&Constants::unknown_run>, kFromOne},
      {"backoff.block_pause", constant<&Constants::block_pause>, kPause},
      {"backoff.block_max", constant<&Constants::block_max>, kPause},
      {"backoff.block_cut", constant<&Constants::block_cut>, kShare},
      {"backoff.block_caution", constant<&Constants::block_caution>, {0, 47 * kDay}},
      {"backoff.host_senders", constant<&Constants::host_senders>, kFromOne},
      {"backoff.host_share", constant<&Constants::host_share>, kShare},
  };
}

Keys health_keys() {
  return {
      {"health.bounce_share", constant<&Constants::bounce_share>, kShare},
      {"health.bounce_growth", constant<&Constants::bounce_growth>, kFactor},
      {"health.bounce_min_n", constant<&Constants::bounce_min_n>, {1, 1e9}},
      {"health.stop_share", constant<&Constants::stop_share>, kShare},
      {"health.stop_min", constant<&Constants::stop_min>, {1, 1e9}},
      {"health.health_window", constant<&Constants::health_window>, {10, 1e9}},
      {"health.stop_pause", constant<&Constants::stop_pause>, kPause},
      {"health.stop_max", constant<&Constants::stop_max>, kPause},
  };
}

Keys suppression_keys() {
  using suppression::Options;
  using engine_options = policy::Options;
  constexpr Range kExpiry{kHour, 100 * kYear};
  constexpr Range kDays{1, 60};
  return {
      {"suppression.action", choice<&Draft::engine, &engine_options::suppressed>(kSuppressed)},
      {"suppression.mode", choice<&Draft::engine, &engine_options::suppression_mode>(kModes)},
      {"suppression.hard_bounces", suppression_slot<&Options::hard_bounces>, {1, 100}},
      {"suppression.hard_expiry", suppression_slot<&Options::hard_expiry>, kExpiry},
      {"suppression.domain_unknown_days", suppression_slot<&Options::domain_unknown_days>, kDays},
      {"suppression.soft_days", suppression_slot<&Options::soft_days>, kDays},
      {"suppression.soft_span", suppression_slot<&Options::soft_span>, {0, kYear}},
      {"suppression.soft_expiry", suppression_slot<&Options::soft_expiry>, kExpiry},
      {"suppression.fold_local_part", suppression_slot<&Options::fold_local_part>},
      {"suppression.ignore_subaddress", suppression_slot<&Options::ignore_subaddress>},
      {"suppression.lift_on_delivery", suppression_slot<&Options::lift_on_delivery>},
  };
}

Keys guard_keys() {
  using suppression::GuardOptions;
  constexpr Range kWindow{10, 10'000};
  constexpr Range kWeight{1, 1e6};
  constexpr Range kPart{0, 1};
  return {
      {"suppression.guard.window", guard_slot<&GuardOptions::window>, kWindow},
      {"suppression.guard.window_age", guard_slot<&GuardOptions::window_age>, {kHour, 30 * kDay}},
      {"suppression.guard.half_life", guard_slot<&GuardOptions::half_life>, {kDay, kYear}},
      {"suppression.guard.assumed_share", guard_slot<&GuardOptions::assumed_share>, kShare},
      {"suppression.guard.assumed_weight", guard_slot<&GuardOptions::assumed_weight>, kWeight},
      {"suppression.guard.leap_dead", guard_slot<&GuardOptions::leap_dead>, kFromOne},
      {"suppression.guard.leap_share", guard_slot<&GuardOptions::leap_share>, kShare},
      {"suppression.guard.leap_factor", guard_slot<&GuardOptions::leap_factor>, kFactor},
      {"suppression.guard.leap_margin", guard_slot<&GuardOptions::leap_margin>, kPart},
      {"suppression.guard.run_dead", guard_slot<&GuardOptions::run_dead>, kFromOne},
      {"suppression.guard.run_chance", guard_slot<&GuardOptions::run_chance>, kPart},
      {"suppression.guard.fall_dead", guard_slot<&GuardOptions::fall_dead>, kFromOne},
      {"suppression.guard.fall_factor", guard_slot<&GuardOptions::fall_factor>, kPart},
      {"suppression.guard.fall_margin", guard_slot<&GuardOptions::fall_margin>, kPart},
      {"suppression.guard.accepted_weight", guard_slot<&GuardOptions::accepted_weight>, kWeight},
  };
}

std::vector<Key<provider::ProviderSpec>> make_provider_keys() {
  using provider::ProviderSpec;
  return {{"domains", slot<&ProviderSpec::domains>(), {}, check_domain},
          {"mx", slot<&ProviderSpec::mx>()},
          {"url", slot<&ProviderSpec::url>()}};
}

}  // namespace

const std::vector<Key<Draft>>& draft_keys() {
  static const Keys keys = [] {
    Keys all = general_keys();
    for (const Keys& more :
         {ramp_keys(), backoff_keys(), health_keys(), suppression_keys(), guard_keys()}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }();
  return keys;
}

const std::vector<Key<provider::SenderSpec>>& sender_keys() {
  using provider::SenderSpec;
  static const std::vector<Key<SenderSpec>> keys{
      {"match", slot<&SenderSpec::domain>()},
      {"auth", slot<&SenderSpec::auth>()},
      {"network", slot<&SenderSpec::network>(), {}, check_network},
      {"name", slot<&SenderSpec::name>()}};
  return keys;
}

const std::vector<Key<ramp::Plan>>& plan_keys() {
  using ramp::Plan;
  static const std::vector<Key<Plan>> keys{{"start", slot<&Plan::start>(), kFromOne},
                                           {"growth", slot<&Plan::growth>(), kFactor},
                                           {"schedule", slot<&Plan::schedule>(), kFromOne},
                                           {"max", slot<&Plan::day_max>()}};
  return keys;
}

const std::vector<Key<policy::Rule>>& rule_keys() {
  using policy::Rule;
  static const std::vector<Key<Rule>> keys{
      {"sender", slot<&Rule::sender>(), {}, check_sender},
      {"provider", slot<&Rule::provider>()},
      {"plan", slot<&Rule::plan>()},
      {"schedule", slot<&Rule::schedule>(), kFromOne},
      {"over", choice<&Rule::over>(kOver)},
      {"mode", choice<&Rule::mode>(kModes)},
      {"priority", choice<&Rule::transactional>({"normal", "transactional"})},
      {"exempt", slot<&Rule::exempt>()}};
  return keys;
}

const std::vector<Key<SuppressionList>>& list_keys() {
  static const std::vector<Key<SuppressionList>> keys{
      {"file", slot<&SuppressionList::file>(), {}, check_path, true}};
  return keys;
}

const std::vector<Key<feed::LogSource>>& log_keys() {
  using feed::LogSource;
  static const std::vector<Key<LogSource>> keys{
      at_start<LogSource>({"path", slot<&LogSource::path>(), {}, check_path}),
      at_start<LogSource>({"journal", slot<&LogSource::journal>()}),
      at_start<LogSource>(
          {"directory", slot<&LogSource::journal_directory>(), {}, check_optional_path}),
      at_start<LogSource>({"users", slot<&LogSource::users>(), {}, check_user}),
      at_start<LogSource>({"format", slot<&LogSource::format>(), {}, check_log_format}),
      at_start<LogSource>({"tz", slot<&LogSource::tz>(), {}, check_zone})};
  return keys;
}

const std::vector<Key<provider::ProviderSpec>>& provider_keys() {
  static const std::vector<Key<provider::ProviderSpec>> keys = make_provider_keys();
  return keys;
}

const std::vector<Key<provider::ProviderSpec>>& shipped_provider_keys() {
  static const std::vector<Key<provider::ProviderSpec>> keys = [] {
    auto all = make_provider_keys();
    all.push_back({"name", slot<&provider::ProviderSpec::name>(), {}, check_name, true});
    return all;
  }();
  return keys;
}

const std::vector<Key<reply::Rule>>& reply_keys() {
  using reply::Rule;
  static const std::vector<Key<Rule>> keys = [] {
    std::vector<std::string_view> classes;
    for (std::size_t i = 0; i < reply::kReplyClasses; ++i) {
      classes.push_back(to_string(static_cast<reply::ReplyClass>(i)));
    }
    std::vector<std::string_view> scopes;
    for (std::size_t i = 0; i <= static_cast<std::size_t>(reply::Scope::Provider); ++i) {
      scopes.push_back(to_string(static_cast<reply::Scope>(i)));
    }
    return std::vector<Key<Rule>>{
        {"name", slot<&Rule::name>(), {}, nullptr, true},
        {"provider", slot<&Rule::provider>()},
        {"code", slot<&Rule::code>()},
        {"enhanced", slot<&Rule::enhanced>()},
        {"class", choice<&Rule::reply_class>(classes), {}, nullptr, true},
        {"scope", choice<&Rule::scope>(scopes), {}, nullptr, true},
        {"advice", slot<&Rule::advice>()},
        {"url", slot<&Rule::url>()},
    };
  }();
  return keys;
}

const std::vector<Key<report::Phrases>>& notice_keys() {
  using report::Phrases;
  static const std::vector<Key<Phrases>> keys{
      {"from.mail_system", slot<&Phrases::mail_systems>(), {}, check_phrase},
      {"subject.bounce", slot<&Phrases::bounce_subjects>(), {}, check_phrase},
      {"subject.auto_reply", slot<&Phrases::auto_subjects>(), {}, check_phrase},
      {"text.bounce", slot<&Phrases::bounce_texts>(), {}, check_phrase},
      {"text.auto_reply", slot<&Phrases::auto_texts>(), {}, check_phrase},
      {"text.delay", slot<&Phrases::delay_texts>(), {}, check_phrase},
      {"text.final", slot<&Phrases::final_texts>(), {}, check_phrase}};
  return keys;
}

}  // namespace rampart::config
