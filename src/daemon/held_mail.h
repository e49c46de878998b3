// Held mail: the key of its mark, and the thread that lets it go.
//
// Threads: main thread.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/control/server.h"
#include "rampart/engine/engine.h"
#include "rampart/mail/hold_mark.h"
#include "rampart/release/options.h"
#include "rampart/release/releaser.h"

namespace rampart::daemon {

/// Read or, at the first start, made; none where no releaser is wanted. A key that cannot be used
/// is logged; the service goes on without: limits matter more than the release of held mail, which
/// status then says nobody does.
class HoldKey {
 public:
  explicit HoldKey(const release::Options& options);
  [[nodiscard]] const std::optional<mail::HoldKey>& key() const noexcept { return key_; }
  /// Why there is none, or "".
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  std::optional<mail::HoldKey> key_;
  std::string problem_;
};

std::unique_ptr<release::Releaser> start_releaser(const release::Options& options,
                                                  const HoldKey& key,
                                                  engine::Engine& engine,
                                                  const base::Clock& clock);

/// As the control room wants them.
base::Result<std::vector<control::HoldOutcome>> outcomes(
    base::Result<std::vector<release::Told>> told);

}  // namespace rampart::daemon
