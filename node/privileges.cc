#include "node/privileges.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "node/config_lines.hh"
#include "node/daemon.hh"
#include "transport/shm/descriptor.hh"

namespace gyre::node {
namespace {

constexpr const char* own_user = "gyre";

[[noreturn]] void fail(const std::string& what) {
  throw StartError(Exit::fatal, fmt::format("{}: {}", what, std::strerror(errno)));
}

Account of_user(const passwd& user) {
  return {.name = user.pw_name, .uid = user.pw_uid, .gid = user.pw_gid};
}

// A folder that belongs to the whole machine is nothing to hand over.
bool is_a_top_folder(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  return error || real == real.root_path() || real.parent_path() == real.root_path();
}

bool may_write(const struct stat& facts, const Account& account) {
  if (facts.st_uid == account.uid) return facts.st_mode & S_IWUSR;
  if (facts.st_gid == account.gid) return facts.st_mode & S_IWGRP;
  return facts.st_mode & S_IWOTH;
}

// Sticky, so that a gyred that went astray cannot put its own in the place of what root or the
// resource manager have there.
void share(const std::string& path, const std::vector<std::string>& files, const Account& account) {
  const shm::Descriptor folder(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat facts {};
  if (!folder || ::fstat(folder.number(), &facts) != 0) fail(path);
  if (!may_write(facts, account) && !is_a_top_folder(path))
    if (::fchown(folder.number(), static_cast<uid_t>(-1), account.gid) != 0 ||
        ::fchmod(folder.number(), (facts.st_mode & 07777) | S_ISVTX | S_IWGRP | S_IXGRP) != 0)
      fail(path + ": cannot be shared with user " + account.name);
  for (const std::string& file : files)
    if (::fchownat(folder.number(), file.c_str(), account.uid, account.gid, AT_SYMLINK_NOFOLLOW) !=
            0 &&
        errno != ENOENT)
      fail(fmt::format("{}/{}: cannot be given to user {}", path, file, account.name));
}

// So that it can be opened again when it was moved away and made anew.
void give_log(const std::string& path, const Account& account) {
  const shm::Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat facts {};
  if (!file || ::fstat(file.number(), &facts) != 0 || !S_ISREG(facts.st_mode)) return;
  if (::fchown(file.number(), account.uid, account.gid) != 0)
    fail(path + ": cannot be given to user " + account.name);
}

// `folder` was opened by root: its way there may be closed to others.
void check_writable(const shm::Descriptor& folder, const std::string& path, const char* what) {
  if (::faccessat(folder.number(), ".", W_OK, AT_EACCESS) == 0) return;
  throw StartError(Exit::state_directory,
                   fmt::format("{} directory {} cannot be written by uid {}, which gyred is after "
                               "its start: give it a directory of its own",
                               what, path, ::geteuid()));
}

void become(const Account& account) {
  if (::initgroups(account.name.c_str(), account.gid) != 0)
    fail("user " + account.name + ": initgroups");
  if (::setresgid(account.gid, account.gid, account.gid) != 0)
    fail("user " + account.name + ": setresgid");
  if (::setresuid(account.uid, account.uid, account.uid) != 0)
    fail("user " + account.name + ": setresuid");
}

void give_up_capabilities() {
  const cap_t none = ::cap_init();
  if (!none) fail("cap_init");
  const int done = ::cap_set_proc(none);
  const int error = errno;
  ::cap_free(none);
  errno = error;
  if (done != 0) fail("capabilities cannot be given up: cap_set_proc");
}

}  // namespace

std::optional<Account> account_of(const Config& config) {
  if (::geteuid() != 0) return std::nullopt;
  const std::string& wanted = config.account.user;
  errno = 0;
  const passwd* user = ::getpwnam(wanted.empty() ? own_user : wanted.c_str());
  if (!user && wanted.empty()) return std::nullopt;
  if (!user || user->pw_uid == 0)
    refuse(config.file, config.account.line,
           fmt::format("aisexec.user \"{}\" {}", wanted,
                       user ? "is root under another name" : "is not known on this machine"));
  Account account = of_user(*user);
  if (config.account.group.empty()) return account;
  const group* found = ::getgrnam(config.account.group.c_str());
  if (!found)
    refuse(config.file, config.account.line,
           fmt::format("aisexec.group \"{}\" is not known on this machine", config.account.group));
  account.gid = found->gr_gid;
  return account;
}

void hand_over(const Belongings& belongings, const Account& account) {
  share(belongings.run_dir, belongings.run_files, account);
  share(belongings.state_dir, belongings.state_files, account);
  if (!belongings.log_file.empty()) give_log(belongings.log_file, account);
}

std::vector<std::string> give_up_privileges(const std::optional<Account>& account,
                                            const Belongings& belongings, bool dumpable) {
  std::vector<std::string> said;
  const shm::Descriptor state(
      ::open(belongings.state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (account) {
    hand_over(belongings, *account);
    become(*account);
    said.push_back(fmt::format("runs as user {} from now on, uid {}, without any capability",
                               account->name, account->uid));
  } else if (::geteuid() == 0) {
    // Without capabilities root, too, needs what was another user's in an earlier life.
    hand_over(belongings, {.name = "root"});
    said.push_back(
        fmt::format("stays uid 0, without any capability: there is no user {} on this machine "
                    "(`useradd --system {}`) and aisexec.user names none",
                    own_user, own_user));
  }
  give_up_capabilities();
  check_writable(state, belongings.state_dir, "state");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("PR_SET_NO_NEW_PRIVS");
  // A change of the user takes it away, which a key wants and nobody else.
  if (::prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0, 0, 0, 0) != 0) fail("PR_SET_DUMPABLE");
  allow_known_calls();
  return said;
}

}  // namespace gyre::node
