// A SQLite file layer that passes everything on to the default one, until a chosen write, flush or
// truncation, which fails or kills the process.
//
// Threads: one test at a time.

#pragma once

namespace rampart::store {

class FaultyVfs {
 public:
  static constexpr const char* kName = "rampart-faulty";
  enum class Action { Fail, Kill };

  /// Registers the layer, unarmed.
  static void install();

  /// The `n`th call from now on (1 is the next) does `action`; with `lasting`, all calls after it
  /// too.
  /// @param code  what a failing call returns, such as SQLITE_FULL
  static void arm(long n, Action action, int code, bool lasting);
  static void disarm();
  /// True if the armed call has come.
  static bool fired();
};

}  // namespace rampart::store
