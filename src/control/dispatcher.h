// Commands: one request line -> one answer line. Names of commands are those of the command line:
//
//   {"command":"status"}
//   {"command":"flow.show","sender":S,"provider":P}    also flow.resume and flow.reset
//   {"command":"flow.pause","sender":S,"provider":P,"for":"2h"}
//   {"command":"suppression.add","keys":[K],"sender":S,"reason":TEXT,"for":"30d","dry_run":false}
//   {"command":"suppression.remove","keys":[K],"sender":S}
//   {"command":"suppression.why","key":K}
//   {"command":"suppression.list","reason":R,"contains":TEXT,"after":K,"limit":N,"pending":true,
//    "pending_at":P}                                   without "pending": both kinds
//   {"command":"suppression.import",...}               as suppression.add
//   {"command":"suppression.confirm","keys":[K]}       or "provider":P or "all":true; also
//                                                      suppression.clear_pending
//   {"command":"replies","unknown":true,"provider":P}  {"command":"events","queue_id":ID}
//   {"command":"feed.lines","source":NAME,"lines":[LINE]}        LINE: a text, or {"base64":B}
//   {"command":"feed.message","base64":B}
//   {"command":"hold.list"}
//   {"command":"hold.release","ids":[ID]}              also hold.drop; done by the releaser
//   {"command":"hold.order","ids":[ID]}                root does it: charged, then the MTA's tools,
//   {"command":"hold.ended","released":[ID],           then this; also "gone", "still_held", and
//    "unknown":[ID]}                                   those that could not be looked at
//   {"command":"hold.dropped","ids":[ID]}              root has deleted them
//   {"command":"config.reload"}                        {"command":"sync"}
//
// Threads: answer() from any thread.
// Errors: answers {"error":{"code":...,"text":...}}; nothing is thrown for a request, whatever its
// bytes.

#pragma once

#include <string>
#include <string_view>

#include "rampart/base/mutex.h"
#include "rampart/control/server.h"
#include "rampart/engine/engine.h"

#include "peer.h"

namespace rampart::control {

class Dispatcher {
 public:
  Dispatcher(engine::Engine& engine, Hooks hooks, std::string version);

  std::string answer(std::string_view request, const Peer& peer);

  /// A request that was understood, with who gave it. Defined in call.h.
  struct Call;

 private:
  engine::Engine& engine_;
  Hooks hooks_;
  std::string version_;
  base::Mutex reload_mutex_;
};

}  // namespace rampart::control
