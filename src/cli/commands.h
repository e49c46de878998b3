// The commands. Each returns its exit code or throws Failure.

#pragma once

#include "arguments.h"
#include "output.h"

namespace rampart::cli {

int run_status(const Arguments& arguments, const Output& output);

int run_flow_show(const Arguments& arguments, const Output& output);
int run_flow_pause(const Arguments& arguments, const Output& output);
int run_flow_resume(const Arguments& arguments, const Output& output);
int run_flow_reset(const Arguments& arguments, const Output& output);

int run_explain(const Arguments& arguments, const Output& output);

int run_explain_codes(const Arguments& arguments, const Output& output);
int run_explain_message(const Arguments& arguments, const Output& output);
int run_explain_queue_id(const Arguments& arguments, const Output& output);

int run_replies_unknown(const Arguments& arguments, const Output& output);
int run_replies_list(const Arguments& arguments, const Output& output);

int run_suppression_add(const Arguments& arguments, const Output& output);
int run_suppression_remove(const Arguments& arguments, const Output& output);
int run_suppression_why(const Arguments& arguments, const Output& output);
int run_suppression_list(const Arguments& arguments, const Output& output);
int run_suppression_import(const Arguments& arguments, const Output& output);
int run_suppression_confirm(const Arguments& arguments, const Output& output);
int run_suppression_clear_pending(const Arguments& arguments, const Output& output);

int run_hold_list(const Arguments& arguments, const Output& output);
int run_hold_release(const Arguments& arguments, const Output& output);
int run_hold_drop(const Arguments& arguments, const Output& output);
int run_releaser(const Arguments& arguments, const Output& output);

int run_config_check(const Arguments& arguments, const Output& output);
int run_config_show(const Arguments& arguments, const Output& output);
int run_config_reload(const Arguments& arguments, const Output& output);

int run_provider_of(const Arguments& arguments, const Output& output);
int run_provider_list(const Arguments& arguments, const Output& output);

int run_transport_clear(const Arguments& arguments, const Output& output);
int run_transport_guard(const Arguments& arguments, const Output& output);

int run_feed(const Arguments& arguments, const Output& output);

int run_learn(const Arguments& arguments, const Output& output);
int run_replay(const Arguments& arguments, const Output& output);

int run_simulate(const Arguments& arguments, const Output& output);

}  // namespace rampart::cli
