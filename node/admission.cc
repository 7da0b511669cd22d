#include "node/admission.hh"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "transport/shm/handshake.hh"

namespace gyre::node {
namespace {

std::optional<std::uint32_t> as_number(const std::string& who) {
  std::uint32_t number = 0;
  const char* end = who.data() + who.size();
  const auto [rest, error] = std::from_chars(who.data(), end, number);
  // The greatest number means "no user" to the system.
  if (error != std::errc{} || rest != end || number == UINT32_MAX) return std::nullopt;
  return number;
}

[[noreturn]] void fail(const Grant& grant, const char* what, int error) {
  throw ConfigError(
      fmt::format("{}: {} \"{}\" {}", grant.place, what, grant.who,
                  error == 0 ? "is not known on this machine"
                             : fmt::format("cannot be looked up: {}", std::strerror(error))));
}

uid_t uid_of(const Grant& grant) {
  if (const auto number = as_number(grant.who)) return *number;
  errno = 0;
  const passwd* user = ::getpwnam(grant.who.c_str());
  if (!user) fail(grant, "user", errno == ENOENT ? 0 : errno);
  return user->pw_uid;
}

gid_t gid_of(const Grant& grant) {
  if (const auto number = as_number(grant.who)) return *number;
  errno = 0;
  const group* found = ::getgrnam(grant.who.c_str());
  if (!found) fail(grant, "group", errno == ENOENT ? 0 : errno);
  return found->gr_gid;
}

}  // namespace

Admission::Admission(const std::vector<Grant>& grants) {
  for (const Grant& grant : grants)
    if (grant.kind == Grant::Kind::uid)
      uids_.push_back(uid_of(grant));
    else
      gids_.push_back(gid_of(grant));
}

bool Admission::allows(uid_t uid, gid_t gid) const noexcept {
  return shm::allow_own(uid, gid) || std::ranges::find(uids_, uid) != uids_.end() ||
         std::ranges::find(gids_, gid) != gids_.end();
}

}  // namespace gyre::node
