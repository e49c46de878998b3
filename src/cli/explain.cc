// rampart explain

#include "explain.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <sstream>

#include <fmt/format.h>

#include "rampart/base/descriptor.h"
#include "rampart/base/text.h"
#include "rampart/policy/bounce.h"
#include "rampart/reply/advice.h"

#include "commands.h"
#include "json.h"
#include "options_for.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

using reply::FlowEffect;
using reply::ReplyClass;
using reply::Scope;
using suppression::Judgement;

constexpr std::size_t kReplyBytesMax = 64 * 1024;

reply::Question question_of(const Asked& asked, std::string_view provider) {
  reply::Question question;
  question.reply = asked.reply;
  question.provider = provider;
  question.host = asked.host;
  question.stage = asked.stage;
  question.dsn = asked.dsn;
  question.status = asked.status;
  return question;
}

// The one provider whose own rule, with a text of its own, matches the reply; "" if there is none
// or several claim it.
std::string provider_from_text(const policy::Policy& policy, const Asked& asked) {
  std::string only;
  for (const std::string_view name : policy.providers.names()) {
    const reply::Classification found = policy.replies.classify(question_of(asked, name));
    const reply::Rule& rule = policy.replies.rule(found.rule);
    if (rule.provider != name || rule.match.empty()) {
      continue;
    }
    if (!only.empty()) {
      return {};
    }
    only = name;
  }
  return only;
}

std::string span(base::Micros duration) {
  return base::format_duration(duration);
}

std::string on_rate_limit(const ramp::Constants& c) {
  return fmt::format(
      "pause the flow for {}, doubling on repeat up to {}, then one message at a time until one is "
      "delivered; deferral that lasts {} teaches a limit for {}",
      span(c.pause), span(c.max_pause), span(c.limit_after), span(c.limited_for));
}

std::string on_block(const ramp::Constants& c) {
  return fmt::format(
      "pause the flow for {}, doubling on repeat up to {}; {} of what was delivered in the day "
      "until "
      "then is the limit for {}",
      span(c.block_pause), span(c.block_max), percent(c.block_cut), span(c.limited_for));
}

std::string on_bounce(const ramp::Constants& c) {
  return fmt::format(
      "nothing to the flow; it counts against the sender: above {} such recipients (at least {:g}) "
      "nothing of the sender goes for {}",
      percent(c.stop_share), c.stop_min, span(c.stop_pause));
}

std::string reaction_of(const policy::Options& options, const reply::Classification& found) {
  const ramp::Constants& c = options.constants;
  const bool permanent = found.permanence == reply::Permanence::Permanent;
  if (reply::is_unexplained(found)) {
    return permanent && found.stage == mail::Stage::Rcpt
               ? on_bounce(c)
               : fmt::format(
                     "nothing to the flow the first time; {} such replies in a row, with no "
                     "delivery between, count as {}",
                     c.unknown_run, permanent ? "a block" : "\"too fast\"");
  }
  switch (reply::flow_effect(found.reply_class, found.scope)) {
    case FlowEffect::Delivered:
      return "count it as delivered: the flow may grow by it";
    case FlowEffect::RateLimited:
      return on_rate_limit(c);
    case FlowEffect::Block:
      return on_block(c);
    case FlowEffect::Bounce:
      return on_bounce(c);
    case FlowEffect::Unexplained:
    case FlowEffect::None:
      break;
  }
  if (reply::traits(found.reply_class).flow == FlowEffect::RateLimited) {
    return fmt::format(
        "nothing to the flow: only this {} has to wait, and the MTA's queue retries it",
        reply::to_string(found.scope));
  }
  return permanent ? "nothing to the flow; the MTA returns the message"
                   : "nothing to the flow; the MTA's queue retries";
}

std::string about_whom(Scope scope) {
  switch (scope) {
    case Scope::Message:
      return "not suppressed (the reply is about the message)";
    case Scope::Sender:
      return "not suppressed (the reply is about the sender)";
    case Scope::Host:
      return "not suppressed (the reply is about this host)";
    case Scope::Provider:
      return "not suppressed (the reply is about the provider's own state)";
    default:
      return "not suppressed";
  }
}

std::string hard_in_words(const suppression::Options& o) {
  return o.hard_bounces <= 1 ? "suppressed for " + span(o.hard_expiry)
                             : fmt::format("suppressed for {} after {} such replies",
                                           span(o.hard_expiry), o.hard_bounces);
}

std::string provider_in_words(const Explanation& explanation) {
  switch (explanation.origin) {
    case Origin::Given:
      return explanation.provider;
    case Origin::Host:
      return explanation.provider + " (from the host)";
    case Origin::Text:
      return explanation.provider + " (from the reply text)";
    case Origin::None:
      break;
  }
  return "unknown (--host or --provider tells)";
}

// --- from the command line ---

Asked asked_of(const Arguments& arguments) {
  Asked asked;
  asked.host = arguments.host;
  asked.provider = arguments.provider;
  if (!arguments.stage.empty()) {
    const auto stage = mail::parse_stage(arguments.stage);
    if (!stage) {
      throw Failure{kUsage, "usage",
                    "\"" + base::printable(arguments.stage, 64) +
                        "\" is no stage; there are connect, helo, mail, rcpt, data, end-of-data"};
    }
    asked.stage = *stage;
  }
  if (!arguments.dsn.empty()) {
    asked.dsn = parse_code(arguments.dsn);
    if (!asked.dsn) {
      throw Failure{kUsage, "usage",
                    "\"" + base::printable(arguments.dsn, 64) +
                        "\" is no enhanced status code such as 5.1.1"};
    }
  }
  return asked;
}

// A reply of several lines, pasted with its line ends, is one reply.
std::string join_words(const std::vector<std::string>& words) {
  std::string text = fmt::format("{}", fmt::join(words, " "));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// Each line a reply; without --file and "-" the words are one, which need not be repeated.
int explain_each(std::istream& in,
                 Asked asked,
                 const policy::Policy& policy,
                 const Output& output,
                 bool repeat) {
  std::string gap;
  while (std::getline(in, asked.reply)) {
    asked.reply = base::trim(std::string_view(asked.reply).substr(0, kReplyBytesMax));
    if (asked.reply.empty()) {
      continue;
    }
    const Explanation explanation = explain(policy, asked);
    if (output.json()) {
      Json line{{"reply", asked.reply}};
      line.update(to_json(explanation));
      output.print(dump(line) + '\n');
      continue;
    }
    const std::string title = repeat ? "reply       " + base::printable(asked.reply) + '\n' : "";
    output.print(gap + title + render(explanation, output.colours()));
    gap = "\n";
  }
  return kDone;
}

}  // namespace

Judgement judge(const reply::Classification& found, mail::Stage stage) {
  suppression::Bounce bounce = policy::bounce_of(found, 1);
  bounce.stage = stage;
  return suppression::judge(bounce);
}

std::string recipient_in_words(const suppression::Options& o, const reply::Classification& found) {
  if (found.reply_class == ReplyClass::Delivered) {
    return "not suppressed; earlier failures are forgotten";
  }
  switch (judge(found, found.stage)) {
    case Judgement::Hard:
      return hard_in_words(o) + (found.stage == mail::Stage::EndOfData
                                     ? ", if the message had no other recipient"
                                     : "");
    case Judgement::DomainUnknown:
      return fmt::format(
          "not suppressed yet: after this on {} different days it is, for {} (it may be our "
          "resolver)",
          o.domain_unknown_days, span(o.hard_expiry));
    case Judgement::Soft:
      return fmt::format(
          "not suppressed yet: after failures on {} different days over at least {}, without a "
          "delivery between, it is, for this sender, for {}",
          o.soft_days, span(o.soft_span), span(o.soft_expiry));
    case Judgement::Clears:
      return "not suppressed; earlier failures are forgotten";
    case Judgement::None:
      break;
  }
  if (found.stage == mail::Stage::Unknown && judge(found, mail::Stage::Rcpt) == Judgement::Hard) {
    return hard_in_words(o) + " if it answered RCPT TO (--stage rcpt); not at another stage";
  }
  return about_whom(found.scope);
}

std::string_view in_words(reply::Permanence permanence) {
  return permanence == reply::Permanence::Transient ? "temporary" : reply::to_string(permanence);
}

std::optional<mail::EnhancedStatusCode> parse_code(std::string_view text) {
  const auto code = mail::consume_enhanced_status_code(text);
  return text.empty() ? code : std::nullopt;
}

Explanation explain(const policy::Policy& policy, const Asked& asked) {
  Explanation explanation;
  if (!asked.provider.empty()) {
    explanation.provider = asked.provider;
    explanation.origin = Origin::Given;
  } else if (const auto owner = policy.providers.find_by_host(asked.host); !owner.empty()) {
    explanation.provider = owner;
    explanation.origin = Origin::Host;
  } else if (asked.host.empty()) {
    explanation.provider = provider_from_text(policy, asked);
    explanation.origin = explanation.provider.empty() ? Origin::None : Origin::Text;
  }
  explanation.found = policy.replies.classify(question_of(asked, explanation.provider));
  const reply::Classification& found = explanation.found;
  const reply::Rule& rule = policy.replies.rule(found.rule);
  const reply::Advice& advice = reply::advice(found.reply_class);
  explanation.rule = rule.name;
  explanation.where = rule.where;
  explanation.meaning = advice.meaning;
  explanation.retry = reply::to_string(advice.retry);
  explanation.action = rule.advice.empty() ? std::string(advice.action) : rule.advice;
  explanation.url =
      rule.url.empty() ? std::string(policy.providers.url(explanation.provider)) : rule.url;
  explanation.reaction = reaction_of(policy.options, found);
  explanation.recipient = recipient_in_words(policy.options.suppression, found);
  return explanation;
}

std::string render(const Explanation& explanation, bool colours) {
  const auto row = [](std::string_view name, const std::string& text) {
    return text.empty() ? std::string() : fmt::format("{:<12}{}\n", name, text);
  };
  const reply::Classification& found = explanation.found;
  std::string text = row("class", paint(fmt::format("{}, {}", in_words(found.permanence),
                                                    reply::to_string(found.reply_class)),
                                        Colour::Bold, colours));
  text += row("scope", std::string(reply::to_string(found.scope)));
  text += row("provider", provider_in_words(explanation));
  text +=
      row("rule", explanation.rule + (explanation.where.empty() ? "" : "   " + explanation.where));
  text += row("what we do", explanation.reaction);
  text += row("recipient", explanation.recipient);
  text += row("meaning", explanation.meaning);
  text += row("retry", explanation.retry);
  text += row("advice", explanation.action);
  return text + row("see", explanation.url);
}

Json to_json(const Explanation& explanation) {
  static constexpr std::array<std::string_view, 4> kOrigins{"none", "given", "host", "text"};
  const reply::Classification& found = explanation.found;
  return {{"class", reply::to_string(found.reply_class)},
          {"scope", reply::to_string(found.scope)},
          {"permanence", reply::to_string(found.permanence)},
          {"suppress", found.suppress},
          {"provider", explanation.provider},
          {"provider_from", kOrigins[static_cast<std::size_t>(explanation.origin)]},
          {"rule", explanation.rule},
          {"where", explanation.where},
          {"reaction", explanation.reaction},
          {"recipient", explanation.recipient},
          {"meaning", explanation.meaning},
          {"retry", explanation.retry},
          {"advice", explanation.action},
          {"url", explanation.url}};
}

int run_explain(const Arguments& arguments, const Output& output) {
  const int others = (arguments.codes ? 1 : 0) + (arguments.message ? 1 : 0) +
                     (arguments.queue_id.empty() ? 0 : 1);
  if (others > 1) {
    throw Failure{kUsage, "usage", "give one of --codes, --message and --queue-id"};
  }
  if (others == 1) {
    return arguments.codes     ? run_explain_codes(arguments, output)
           : arguments.message ? run_explain_message(arguments, output)
                               : run_explain_queue_id(arguments, output);
  }
  const bool from_input = arguments.words == std::vector<std::string>{"-"};
  const bool lines =
      from_input || !arguments.file.empty() || (arguments.jsonl && arguments.words.empty());
  if (lines != (arguments.words.empty() || from_input) ||
      (!arguments.file.empty() && !arguments.words.empty())) {
    throw Failure{kUsage, "usage", "give a reply, or \"-\" for standard input, or --file FILE"};
  }
  const Asked asked = asked_of(arguments);
  const auto config = load_config(arguments);
  if (!asked.provider.empty() && !config->policy->providers.is_named(asked.provider)) {
    const std::string near(base::find_nearest(asked.provider, config->policy->providers.names()));
    throw Failure{kUsage, "usage",
                  "no provider is called \"" + base::printable(asked.provider, 64) + "\"" +
                      (near.empty() ? "; rampart provider list names them"
                                    : "; did you mean \"" + near + "\"?")};
  }
  std::ifstream file;
  std::istringstream words(join_words(arguments.words));
  std::istream* in = &words;
  std::ios::sync_with_stdio(false);
  if (!arguments.file.empty() && arguments.file != "-") {
    file.open(arguments.file, std::ios::binary);
    if (!file) {
      throw Failure{kUsage, "usage", base::system_error(arguments.file, errno).what};
    }
    in = &file;
  } else if (lines) {
    in = &std::cin;
  }
  const int result = arguments.jsonl
                         ? (explain_lines(*config->policy, *in, std::cout) == 0 ? kDone : kFound)
                         : explain_each(*in, asked, *config->policy, output, lines);
  if (in->bad()) {  // what could not be read is not the end
    throw Failure{kUsage, "usage",
                  (in == &file ? arguments.file : "standard input") +
                      std::string(": cannot be read to its end")};
  }
  return result;
}

}  // namespace rampart::cli
