// Checks of single texts of the configuration.
//
// Pure: every function may be called from any thread. Each returns "" if the text is good, else
// what it must be: "must be an absolute path".

#pragma once

#include <string>
#include <string_view>

namespace rampart::config {

std::string check_listen(std::string_view text);         ///< milter socket
std::string check_path(std::string_view text);           ///< absolute
std::string check_optional_path(std::string_view text);  ///< absolute, or ""
std::string check_socket_path(std::string_view text);    ///< absolute and short enough to bind
std::string check_optional_socket_path(std::string_view text);  ///< the same, or ""
std::string check_group(std::string_view text);                 ///< name of a group, or ""
std::string check_network(std::string_view text);               ///< address or prefix
std::string check_domain(std::string_view text);
std::string check_mailer(std::string_view text);
std::string check_sender(std::string_view text);  ///< of a [[rule]]: one name, no pattern
std::string check_name(std::string_view text);    ///< of a plan or provider
std::string check_store_url(std::string_view text);
std::string check_transport_table(std::string_view text);  ///< "hash:/PATH", "lmdb:/PATH" or ""
std::string check_log_format(std::string_view text);
std::string check_user(std::string_view text);    ///< name or number of an account
std::string check_zone(std::string_view text);    ///< time zone name, or ""
std::string check_phrase(std::string_view text);  ///< of a notice, as report::Phrases has them

/// For the address of a milter socket that other hosts may reach, else "".
std::string find_listen_warning(std::string_view text);

}  // namespace rampart::config
