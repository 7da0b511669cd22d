// Root is for the start only: sockets, locked memory, the scheduling class, the directories. Before
// any thread exists, gyred becomes a user of its own, if the machine has one, gives up every
// capability in any case, and lets the kernel take no call from it that it has no use for.
//
// It never becomes anything else afterwards, and forks no more.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "node/config.hh"

namespace gyre::node {

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

// Whose user gyred becomes: aisexec.user with aisexec.group, else `gyre`. Nothing: there is no such
// user, or this process is not root's, and it stays who it is. Throws ConfigError for a name that
// nobody has.
std::optional<Account> account_of(const Config& config);

// What must still be written afterwards.
struct Belongings {
  std::string run_dir, state_dir;
  std::vector<std::string> run_files, state_files;  // their names, if they are there
  std::string log_file;                             // empty: there is none
};
// Their directories stay root's, but the account's group may make files there, and nobody removes
// what is another's. Throws StartError.
void hand_over(const Belongings& belongings, const Account& account);

// All of it, for the calling thread and those that come after it. `dumpable`: a core may be
// written, as there is no secret in it. Throws StartError. What is to be said in the log.
std::vector<std::string> give_up_privileges(const std::optional<Account>& account,
                                            const Belongings& belongings, bool dumpable);

// The kernel answers EPERM to every call that is not on the list, and writes it down in its own
// log. Throws StartError.
void allow_known_calls();

// Whether it does in this build: a sanitizer stops its own threads and traces them at the end.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool calls_are_filtered = false;
#elif defined(__has_feature)
inline constexpr bool calls_are_filtered = !__has_feature(address_sanitizer) &&
                                           !__has_feature(thread_sanitizer) &&
                                           !__has_feature(memory_sanitizer);
#else
inline constexpr bool calls_are_filtered = true;
#endif

}  // namespace gyre::node
