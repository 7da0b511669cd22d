#include "tests/transport/own_network.hh"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <stdexcept>

#include "tests/transport/shell.hh"

namespace gyre {

namespace {

bool enter() {
  const auto uid = getuid();
  const auto gid = getgid();
  if (uid == 0) {
    if (unshare(CLONE_NEWNET) != 0) return false;
  } else {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
  }
  try {
    run("ip link set lo up");
    for (const char* node : {"1", "2", "3"})
      run("ip addr add fd00::" + std::string(node) + "/128 dev lo nodad");  // there at once
    run("ip -6 route add local ff00::/8 dev lo table local || ip -6 route add ff00::/8 dev lo "
        "table local");
  } catch (const std::runtime_error& error) {
    std::cerr << error.what() << '\n';
    return false;
  }
  return true;
}

class OwnNetwork : public testing::Environment {
 public:
  void SetUp() override { in_own_network(); }
};
[[maybe_unused]] const auto* const own_network = testing::AddGlobalTestEnvironment(new OwnNetwork);

}  // namespace

bool in_own_network() {
  static const bool entered = enter();
  return entered;
}

}  // namespace gyre
