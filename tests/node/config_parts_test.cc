// uidgid{} and service{}: in the file itself and in the folders beside it.
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "node/admission.hh"
#include "tests/node/config_test.hh"
#include "tests/node/temporary.hh"

namespace gyre::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> text_of(const std::vector<Grant>& grants) {
  std::vector<std::string> all;
  for (const Grant& grant : grants)
    all.push_back(grant.place + (grant.kind == Grant::Kind::uid ? " uid " : " gid ") + grant.who);
  return all;
}

std::vector<std::string> text_of(const std::vector<Service>& services) {
  std::vector<std::string> all;
  for (const Service& service : services)
    all.push_back(service.name + (service.operator_starts ? " 1" : " 0"));
  return all;
}

std::string file(const std::string& rest) {
  return interface_form("", "", rest);
}

TEST(Uidgid, EachLineOfEachSectionCounts) {
  const Config config =
      parse(file("uidgid {\nuid: hacluster\ngid: haclient\n}\nuidgid {\nuid: 7\n}\n"));
  EXPECT_THAT(text_of(config.grants),
              ElementsAre("f:12 uid hacluster", "f:13 gid haclient", "f:16 uid 7"));
  EXPECT_THAT(config.notices, IsEmpty());
}

TEST(Uidgid, WhatIsNeitherIsRefused) {
  EXPECT_EQ(error_of(file("uidgid {\nuser: hacluster\n}\n")),
            "f:12: uidgid: only uid and gid stand here, not user");
}

TEST(Services, TheResourceManagerStartsWithTheRingUnlessTheOperatorDoesIt) {
  const Config config =
      parse(file("service {\nname: pacemaker\nver: 1\n}\nservice {\nname: pacemaker\n}\n"
                 "service {\nname: openais_clm\nver: 0\n}\nservice {\nver: 1\n}\n"));
  EXPECT_THAT(text_of(config.services),
              ElementsAre("pacemaker 1", "pacemaker 0", "openais_clm 0", " 1"));
  EXPECT_THAT(
      config.notices,
      ElementsAre("f:15: service pacemaker with ver: 0 has no effect here: there is no resource "
                  "manager yet that could start with the ring",
                  "f:18: service openais_clm has no effect here: it is not part of gyred, which "
                  "loads nothing",
                  "f:22: section service has no effect here: it names no service"));
  EXPECT_EQ(config.keys.at("service.0.ver"), "1");
  EXPECT_EQ(config.keys.at("service.2.name"), "openais_clm");
}

TEST(Services, HaveOneOfTwoVersions) {
  EXPECT_EQ(
      error_of(file("service {\nname: pacemaker\nver: 2\n}\n")),
      "f:13: Value of key \"service.ver\" is expected to be integer in range (0..1), but \"2\" "
      "was given");
}

// What stands beside the configuration in its two folders.
class Parts : public testing::Test {
 protected:
  Parts() {
    std::filesystem::create_directory(directory / "uidgid.d");
    std::filesystem::create_directory(directory / "service.d");
    test::write_file(main, file("uidgid {\nuid: 1\n}\nservice {\nname: one\nver: 1\n}\n"));
  }
  std::string error() const {
    try {
      read_config(main);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  }
  test::TemporaryDirectory directory;
  std::string main = directory / "corosync.conf";
};

TEST_F(Parts, AreReadByNameAfterTheFile) {
  const std::string second = directory / "uidgid.d/b", first = directory / "uidgid.d/a",
                    service = directory / "service.d/pacemaker";
  test::write_file(second, "uidgid {\ngid: 3\n}\n");
  test::write_file(first, "# a comment\nuidgid {\nuid: 2\n}\n");
  test::write_file(service, "service {\n name: pacemaker\n ver: 0\n}\n");
  const Config config = read_config(main);
  EXPECT_THAT(text_of(config.grants),
              ElementsAre(main + ":12 uid 1", first + ":3 uid 2", second + ":2 gid 3"));
  EXPECT_THAT(text_of(config.services), ElementsAre("one 1", "pacemaker 0"));
  EXPECT_EQ(config.keys.at("service.1.name"), "pacemaker");
  EXPECT_EQ(config.keys.at("uidgid.config.gid.3"), "1");
  EXPECT_THAT(config.notices, ElementsAre(StartsWith(main + ":14: service one has no effect"),
                                          StartsWith(service + ":1: service pacemaker with ver")));
}

TEST_F(Parts, HoldNothingElse) {
  const std::string part = directory / "uidgid.d/part";
  test::write_file(part, "uidgid {\nuid: 1\n}\ntotem {\ntoken: 1000\n}\n");
  EXPECT_EQ(error(), part + ":4: section totem in uidgid.d: only uidgid{} stands there");
  test::write_file(part, "uid: 1\n");
  EXPECT_EQ(error(), part + ":1: uid outside of a section: only uidgid{} stands here");
  test::write_file(part, "uidgid {\n");
  EXPECT_THAT(error(), StartsWith(part + ":"));
}

TEST_F(Parts, LeaveOutWhatEditorsAndPackagesLeaveBehind) {
  for (const char* name : {"uidgid.d/.part.swp", "uidgid.d/part~"})
    test::write_file(directory / name, "uidgid {\nuid: 2\n}\n");
  std::filesystem::create_directory(directory / "uidgid.d/folder");
  EXPECT_EQ(read_config(main).grants.size(), 1u);
}

TEST_F(Parts, AreBoundedInNumber) {
  for (int i = 0; i <= 256; ++i)
    test::write_file(directory / ("service.d/" + std::to_string(i)), "service {\n}\n");
  EXPECT_EQ(error(), directory / "service.d" + ": more than 256 files");
}

TEST_F(Parts, MayBeMissing) {
  std::filesystem::remove(directory / "uidgid.d");
  std::filesystem::remove(directory / "service.d");
  EXPECT_EQ(error(), "");
}

TEST(Admission, RootAndTheOwnUserAlwaysMayConnect) {
  const Admission admission;
  EXPECT_TRUE(admission.allows(0, 4242));
  EXPECT_TRUE(admission.allows(::geteuid(), 4242));
  EXPECT_FALSE(admission.allows(4242, 0));
}

TEST(Admission, KnowsNamesAndNumbers) {
  const passwd* user = ::getpwnam("nobody");
  const group* group = ::getgrnam("daemon");
  ASSERT_TRUE(user && group);
  const Admission admission({{Grant::Kind::uid, "nobody", "f:1"},
                             {Grant::Kind::uid, "4242", "f:2"},
                             {Grant::Kind::gid, "daemon", "f:3"}});
  EXPECT_TRUE(admission.allows(user->pw_uid, 4242));
  EXPECT_TRUE(admission.allows(4242, 4242));
  EXPECT_TRUE(admission.allows(4343, group->gr_gid));
  EXPECT_FALSE(admission.allows(4343, 4242)) << "a gid is not a uid";
}

TEST(Admission, NamesWhomNobodyKnows) {
  const auto error_of = [](const Grant& grant) {
    try {
      const Admission admission({grant});
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(error_of({Grant::Kind::uid, "no-such-user", "f:3"}),
            "f:3: user \"no-such-user\" is not known on this machine");
  EXPECT_EQ(error_of({Grant::Kind::gid, "4294967295", "f:4"}),
            "f:4: group \"4294967295\" is not known on this machine");
}

TEST(Aisexec, NamesWhoseUserGyredBecomes) {
  const Config config = parse(interface_form("", "", "aisexec {\nuser: ais\ngroup: net\n}\n"));
  EXPECT_EQ(config.account.user, "ais");
  EXPECT_EQ(config.account.group, "net");
  EXPECT_EQ(config.account.line, 13);
  EXPECT_THAT(config.notices, IsEmpty());
  EXPECT_EQ(parse(interface_form()).account.user, "");
}

TEST(Aisexec, RootIsGivenUpWhateverStandsThere) {
  const Config config = parse(interface_form("", "", "aisexec {\nuser: root\ngroup: root\n}\n"));
  EXPECT_EQ(config.account.user, "");
  EXPECT_EQ(config.account.group, "");
  EXPECT_THAT(config.notices, testing::Each(testing::HasSubstr("root has no effect here: gyred")));
  EXPECT_EQ(config.notices.size(), 2u);
  EXPECT_EQ(error_of(interface_form("", "", "aisexec {\nuser:\n}\n")),
            "f:12: aisexec.user is empty");
}

}  // namespace
}  // namespace gyre::node
