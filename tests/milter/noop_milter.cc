// The smallest libmilter program with the negotiation of rampart: what a message costs before
// anything is decided. contrib/bench/milter.sh compares the two.
//
//   noop_milter unix:/tmp/noop.sock

#include <array>
#include <cstdio>

#include <libmilter/mfapi.h>

namespace {

struct MacroList {
  int stage;
  const char* names;
};

constexpr std::array<MacroList, 5> kMacroLists{{
    {SMFIM_CONNECT, "{client_addr}"},
    {SMFIM_ENVFROM, "i {mail_mailer} {auth_authen}"},
    {SMFIM_ENVRCPT, "i {rcpt_mailer}"},
    {SMFIM_DATA, "i"},
    {SMFIM_EOM, "i"},
}};

}  // namespace

extern "C" {

static sfsistat xxfi_negotiate(SMFICTX* ctx,
                               unsigned long actions,
                               unsigned long protocol,
                               unsigned long /*reserved*/,
                               unsigned long /*reserved*/,
                               unsigned long* used_actions,
                               unsigned long* used_protocol,
                               unsigned long* used_2,
                               unsigned long* used_3) {
  *used_actions = actions & (SMFIF_ADDHDRS | SMFIF_DELRCPT | SMFIF_QUARANTINE | SMFIF_SETSYMLIST);
  *used_protocol = protocol & (SMFIP_NOHELO | SMFIP_NODATA | SMFIP_NOHDRS | SMFIP_NOEOH |
                               SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NR_CONN | SMFIP_NR_MAIL);
  *used_2 = 0;
  *used_3 = 0;
  for (const MacroList& list : kMacroLists) {
    smfi_setsymlist(ctx, list.stage, const_cast<char*>(list.names));
  }
  return SMFIS_CONTINUE;
}

static sfsistat xxfi_connect(SMFICTX* /*ctx*/, char* /*host*/, sockaddr* /*address*/) {
  return SMFIS_NOREPLY;
}

static sfsistat xxfi_envfrom(SMFICTX* /*ctx*/, char** /*arguments*/) {
  return SMFIS_NOREPLY;
}

static sfsistat xxfi_envrcpt(SMFICTX* /*ctx*/, char** /*arguments*/) {
  return SMFIS_CONTINUE;
}

static sfsistat xxfi_eom(SMFICTX* /*ctx*/) {
  return SMFIS_CONTINUE;
}

}  // extern "C"

int main(int argc, char* argv[]) {
  if (argc != 2) {
    std::fputs("usage: noop_milter SOCKET\n", stderr);
    return 2;
  }
  smfiDesc description{};
  description.xxfi_name = const_cast<char*>("noop");
  description.xxfi_version = SMFI_VERSION;
  description.xxfi_flags = SMFIF_ADDHDRS | SMFIF_DELRCPT | SMFIF_QUARANTINE | SMFIF_SETSYMLIST;
  description.xxfi_connect = xxfi_connect;
  description.xxfi_envfrom = xxfi_envfrom;
  description.xxfi_envrcpt = xxfi_envrcpt;
  description.xxfi_eom = xxfi_eom;
  description.xxfi_negotiate = xxfi_negotiate;
  if (smfi_setconn(argv[1]) != MI_SUCCESS || smfi_register(description) != MI_SUCCESS ||
      smfi_opensocket(1) != MI_SUCCESS) {
    std::fputs("noop_milter: cannot listen\n", stderr);
    return 1;
  }
  return smfi_main() == MI_SUCCESS ? 0 : 1;
}
