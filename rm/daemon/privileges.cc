#include "rm/daemon/privileges.hh"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace gyre::rm::daemon {

namespace {

void check(int result, const char* call) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), call);
}

}  // namespace

bool become(const std::string& user, const std::string& directory) {
  if (::geteuid() != 0) return false;
  const passwd* found = ::getpwnam(user.c_str());
  if (found == nullptr) return false;
  const uid_t uid = found->pw_uid;
  const gid_t gid = found->pw_gid;
  check(::chown(directory.c_str(), uid, gid), "chown");
  check(::initgroups(user.c_str(), gid), "initgroups");
  check(::setresgid(gid, gid, gid), "setresgid");
  check(::setresuid(uid, uid, uid), "setresuid");
  check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
  return true;
}

}  // namespace gyre::rm::daemon
