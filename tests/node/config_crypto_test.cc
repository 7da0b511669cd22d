// What the keys of totem{} that protect frames mean, alone and together; nothing misspelt passes.
#include "node/config_crypto.hh"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "tests/node/config_test.hh"
#include "tests/node/temporary.hh"

namespace gyre::node {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct Read {
  Protection protection;
  std::vector<std::string> notices;
  std::string refused;
};

Read read(const std::string& totem, bool on = false) try {
  Settings settings("totem {\n" + totem + "\n}\n", "f");
  const Protection protection = read_protection(settings, on);
  return {protection, settings.notices(), {}};
} catch (const ConfigError& error) {
  return {{}, {}, error.what()};
}

struct Meaning {
  const char* totem;
  bool on;
};

class ConfigProtection : public testing::TestWithParam<Meaning> {};

TEST_P(ConfigProtection, IsOnOrOff) {
  const Read result = read(GetParam().totem);
  EXPECT_EQ(result.refused, "");
  EXPECT_EQ(result.protection.on, GetParam().on);
  EXPECT_EQ(result.protection.cipher, Cipher::aes256gcm);
}

INSTANTIATE_TEST_SUITE_P(
    Words, ConfigProtection,
    testing::Values(Meaning{"", false}, Meaning{"secauth: off", false},
                    Meaning{"secauth: on", true}, Meaning{"crypto_cipher: aes256", true},
                    Meaning{"crypto_cipher: aes192\ncrypto_hash: md5", true},
                    Meaning{"crypto_cipher: aes128\ncrypto_hash: sha1", true},
                    Meaning{"crypto_cipher: 3des\ncrypto_hash: sha256", true},
                    Meaning{"crypto_cipher: aes256gcm", true},
                    Meaning{"crypto_cipher: none\ncrypto_hash: sha512", true},
                    Meaning{"secauth: on\ncrypto_cipher: none\ncrypto_hash: sha384", true},
                    Meaning{"crypto_hash: sha384", true},
                    Meaning{"crypto_cipher: none\ncrypto_hash: none", false},
                    Meaning{"secauth: off\ncrypto_cipher: none\ncrypto_hash: none", false},
                    Meaning{"secauth: on\ncrypto_model: openssl\ncrypto_type: nss", true}));

TEST(ConfigCrypto, TheFormDecidesWhereNothingIsWritten) {
  EXPECT_TRUE(read("", true).protection.on);
  EXPECT_FALSE(read("secauth: off", true).protection.on);
  EXPECT_FALSE(read("crypto_cipher: none\ncrypto_hash: none", true).protection.on);
  EXPECT_TRUE(read("crypto_cipher: none", true).protection.on);
}

TEST(ConfigCrypto, ContradictionsAreRefused) {
  for (const char* totem :
       {"secauth: off\ncrypto_cipher: aes256", "secauth: off\ncrypto_hash: sha1",
        "secauth: on\ncrypto_hash: none", "secauth: on\ncrypto_cipher: none",
        "secauth: on\ncrypto_cipher: none\ncrypto_hash: none",
        "crypto_cipher: aes256\ncrypto_hash: none"})
    EXPECT_THAT(read(totem).refused, AllOf(StartsWith("f:"), HasSubstr("to run open"))) << totem;
}

TEST(ConfigCrypto, ChachaGoesByItsName) {
  EXPECT_EQ(read("secauth: on\ncrypto_cipher: chacha20poly1305").protection.cipher,
            Cipher::chacha20poly1305);
}

TEST(ConfigCrypto, AnotherCipherThanWrittenIsSaid) {
  for (const char* old : {"aes256", "aes192", "aes128", "3des"})
    EXPECT_THAT(read(std::string("crypto_cipher: ") + old).notices,
                Contains(HasSubstr(std::string(old) + " is read as aes256gcm")));
  EXPECT_THAT(read("crypto_cipher: none\ncrypto_hash: sha1").notices,
              Contains(HasSubstr("what is authenticated is encrypted, too")));
  EXPECT_THAT(read("secauth: on\ncrypto_cipher: aes256gcm").notices, IsEmpty());
}

TEST(ConfigCrypto, TheKeyComesFromAFile) {
  EXPECT_EQ(read("secauth: on").protection.keyfile, "/etc/corosync/authkey");
  EXPECT_EQ(read("secauth: on\nkeyfile: /k").protection.keyfile, "/k");
  EXPECT_THAT(read("secauth: on\nkeyfile: k").refused, StartsWith("f:3: keyfile must begin with"));
}

TEST(ConfigCrypto, TheKeyMayStandInTheConfiguration) {
  const std::string secret(200, 'k');
  const Read result = read("secauth: on\nkey: " + secret);
  ASSERT_TRUE(result.protection.key);
  const auto reading = result.protection.key->read();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(reading.bytes().data()), 200), secret);
  EXPECT_THAT(read("secauth: on\nkey: short").refused,
              AllOf(StartsWith("f:3: key has 5 bytes"), Not(HasSubstr("short"))));
}

TEST(ConfigCrypto, AKeyfileGoesBeforeAKey) {
  const Read result = read("secauth: on\nkeyfile: /k\nkey: " + std::string(200, 'k'));
  EXPECT_FALSE(result.protection.key);
  EXPECT_EQ(result.protection.keyfile, "/k");
  EXPECT_THAT(result.notices, Contains(HasSubstr("totem.key has no effect here")));
}

TEST(ConfigCrypto, AKeyWithoutASealIsSaidToBeNone) {
  EXPECT_THAT(read("secauth: off\nkeyfile: /k").notices,
              ElementsAre(HasSubstr("totem.keyfile has no effect here: frames are not sealed")));
}

TEST(ConfigCrypto, NothingMisspeltPasses) {
  for (const char* line :
       {"secauht: on", "SecAuth: on", "sec_auth: on", "secauth_: on", "crypto_ciper: aes256",
        "crypto-cipher: aes256", "cryptocipher: aes256", "crypto: aes256", "crypto_hmac: sha1",
        "cypto_hash: sha1", "key_file: /k", "keyfil: /k", "Key: x", "keys: x"}) {
    const Read result = read(line);
    EXPECT_THAT(result.refused, AllOf(StartsWith("f:2: totem."), HasSubstr(" was "))) << line;
  }
  for (const char* line : {"crypto_cipher: aes512", "crypto_hash: sha3", "crypto_model: nsss",
                           "crypto_type: des", "secauth: yes", "secauth:", "secauth: ON"})
    EXPECT_THAT(read(line).refused, AllOf(StartsWith("f:2: "), HasSubstr("one of"))) << line;
}

TEST(ConfigCrypto, TheHintIsTheNearestKey) {
  EXPECT_THAT(mistaken_crypto_key("totem", "crypto_ciper"), HasSubstr("was crypto_cipher meant"));
  EXPECT_THAT(mistaken_crypto_key("totem", "secaut"), HasSubstr("was secauth meant"));
  for (const char* other : {"token", "tokem", "netmtu", "foo", "hey_there", "threads"})
    EXPECT_EQ(mistaken_crypto_key("totem", other), "") << other;
}

TEST(ConfigCrypto, WhatStandsInAnotherSectionIsRefused) {
  EXPECT_THAT(error_of(interface_form("", "secauth: on")),
              HasSubstr("stands in totem{}, not here"));
  EXPECT_THAT(error_of("secauth: on\n" + interface_form()), HasSubstr("stands in totem{}"));
  EXPECT_THAT(error_of(interface_form() + "quorum {\nkeyfile: /k\n}\n"), HasSubstr("in totem{}"));
  EXPECT_EQ(error_of(interface_form() + "other {\nkeyfile: /k\nkey: 1\n}\n"), "");
}

TEST(ConfigCrypto, AProcessorWithoutAesIsToldWhatToWrite) {
  Config config;
  config.file = "f";
  config.protection.on = true;
  EXPECT_NO_THROW(check_cipher(config, true));
  try {
    check_cipher(config, false);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(),
                AllOf(StartsWith("f: "), HasSubstr("crypto_cipher: chacha20poly1305")));
  }
  config.protection.cipher = Cipher::chacha20poly1305;
  EXPECT_NO_THROW(check_cipher(config, false));
  config.protection = {};
  EXPECT_NO_THROW(check_cipher(config, false));
}

TEST(ConfigCrypto, AWipedTextLeavesNothing) {
  std::string text(300, 's');
  const char* place = text.data();
  wipe(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.data(), place);
  EXPECT_TRUE(std::all_of(place, place + 300, [](char c) { return c == 0; }));
}

TEST(ConfigCrypto, AFileThatHoldsTheKeyIsAsPrivateAsAKeyFile) {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "corosync.conf";
  std::string text = interface_form("key: " + std::string(200, 'k'));
  text.replace(text.find("secauth: off"), 12, "secauth: on");
  test::write_file(path, text);
  const auto error_with = [&](mode_t mode) -> std::string {
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    try {
      EXPECT_TRUE(read_config(path).protection.key);
      return {};
    } catch (const ConfigError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(error_with(0600), "");
  EXPECT_EQ(error_with(0400), "");
  for (const mode_t mode : {0644, 0640, 0620, 0604, 0602})
    EXPECT_THAT(error_with(mode), AllOf(StartsWith(path + ": holds the cluster's key and has mode"),
                                        HasSubstr("chmod 0600 " + path), Not(HasSubstr("kkk"))));
}

// The secret is in the settings once, and nowhere else that could be shown.
TEST(ConfigCrypto, TheKeyIsInNoOtherPlace) {
  const std::string secret(200, 'q');
  const Config config = parse(interface_form("key: " + secret));
  EXPECT_EQ(config.keys.count("totem.key"), 0u);
  for (const std::string& notice : config.notices) EXPECT_THAT(notice, Not(HasSubstr("qqqq")));
  Settings settings("totem {\nkey: " + secret + "\n}\n", "f");
  EXPECT_EQ(settings.text("totem.key"), "");
  EXPECT_EQ(settings.secret(), secret);
}

}  // namespace
}  // namespace gyre::node
