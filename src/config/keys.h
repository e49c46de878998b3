// Every key of rampart.toml, and of the three tables shipped with rampart.

#pragma once

#include <vector>

#include "rampart/reply/rule.h"
#include "rampart/report/phrases.h"

#include "draft.h"
#include "key.h"

namespace rampart::config {

/// Keys outside the repeated and named tables below, with dotted names.
const std::vector<Key<Draft>>& draft_keys();

const std::vector<Key<provider::SenderSpec>>& sender_keys();      ///< [[sender]]
const std::vector<Key<ramp::Plan>>& plan_keys();                  ///< [plan.NAME]
const std::vector<Key<policy::Rule>>& rule_keys();                ///< [[rule]]
const std::vector<Key<SuppressionList>>& list_keys();             ///< [[suppression.list]]
const std::vector<Key<feed::LogSource>>& log_keys();              ///< [[report.log]]
const std::vector<Key<provider::ProviderSpec>>& provider_keys();  ///< [provider.NAME]

/// [[provider]] of providers.toml: the keys above and a name.
const std::vector<Key<provider::ProviderSpec>>& shipped_provider_keys();
/// [[rule]] of replies.toml, but for `stage` and `sample`, which take several forms.
const std::vector<Key<reply::Rule>>& reply_keys();
const std::vector<Key<report::Phrases>>& notice_keys();  ///< notices.toml

}  // namespace rampart::config
