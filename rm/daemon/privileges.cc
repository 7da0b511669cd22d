#include "rm/daemon/privileges.hh"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "rm/local/descriptor.hh"

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
  // Others may make entries where it stands (gyred's user): it is no link, and nobody else's.
  const local::Descriptor folder(
      ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat facts {};
  check(folder ? ::fstat(folder.number(), &facts) : -1, directory.c_str());
  if (facts.st_uid != 0 && facts.st_uid != uid) {
    errno = EPERM;
    check(-1, (directory + " belongs to somebody else").c_str());
  }
  check(::fchown(folder.number(), uid, gid), "chown");
  check(::initgroups(user.c_str(), gid), "initgroups");
  check(::setresgid(gid, gid, gid), "setresgid");
  check(::setresuid(uid, uid, uid), "setresuid");
  check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
  return true;
}

}  // namespace gyre::rm::daemon
