#include "node/config_crypto.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include "node/config_keys.hh"
#include "node/config_lines.hh"

namespace gyre::node {
namespace {

constexpr std::string_view names[] = {"secauth",     "crypto_cipher", "crypto_hash", "crypto_model",
                                      "crypto_type", "keyfile",       "key"};
constexpr const char* secauth = "totem.secauth";
constexpr const char* cipher = "totem.crypto_cipher";
constexpr const char* hash = "totem.crypto_hash";

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// Letters to insert, to take out or to change, or neighbours to swap.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                             cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  return cost[a.size()][b.size()];
}

bool written_and_not(const Settings& settings, const char* path, std::string_view value) {
  return settings.has(path) && !settings.is(path, value);
}

// Whether frames are sealed, from three keys that may each be written or not.
bool sealed(Settings& settings, bool otherwise) {
  const bool wants_cipher = written_and_not(settings, cipher, "none");
  const bool wants_hash = written_and_not(settings, hash, "none");
  const auto contradict = [&](const char* path, std::string_view what) {
    settings.refuse(path,
                    fmt::format("{}: {}; write `secauth: on` to seal frames, or `secauth: off` "
                                "and neither cipher nor hash to run open",
                                path, what));
  };
  if (settings.is(secauth, "off")) {
    if (wants_cipher) contradict(cipher, "a crypto_cipher beside secauth: off");
    if (wants_hash) contradict(hash, "a crypto_hash beside secauth: off");
    return false;
  }
  if (settings.is(hash, "none") && wants_cipher)
    contradict(hash, "crypto_hash: none beside a crypto_cipher: nothing is only encrypted");
  if (settings.is(secauth, "on")) {
    if (settings.is(hash, "none")) contradict(hash, "crypto_hash: none beside secauth: on");
    if (settings.is(cipher, "none") && !wants_hash)
      contradict(cipher, "crypto_cipher: none beside secauth: on");
    return true;
  }
  if (wants_cipher || wants_hash) return true;
  // Version 2 files say "open" in these words.
  return otherwise && !(settings.is(cipher, "none") && settings.is(hash, "none"));
}

void read_cipher(Settings& settings, Protection& protection) {
  const std::string written = settings.text(cipher, "aes256gcm");
  if (written == "chacha20poly1305") protection.cipher = Cipher::chacha20poly1305;
  if (written.ends_with("gcm") || protection.cipher != Cipher::aes256gcm) return;
  settings.notice(cipher,
                  written == "none"
                      ? "totem.crypto_cipher: none is read as aes256gcm: what is "
                        "authenticated is encrypted, too"
                      : fmt::format("totem.crypto_cipher: {} is read as aes256gcm", written));
}

void read_key_place(Settings& settings, Protection& protection) {
  constexpr const char* keyfile = "totem.keyfile";
  constexpr const char* key = "totem.key";
  protection.keyfile = settings.text(keyfile, "/etc/corosync/authkey");
  if (!protection.keyfile.starts_with('/')) settings.refuse(keyfile, "keyfile must begin with '/'");
  if (!settings.has(key)) return;
  if (settings.has(keyfile)) {
    settings.notice(key, "totem.key has no effect here: keyfile is written, too, and counts");
    return;
  }
  const std::string_view secret = settings.secret();
  if (secret.size() < RootKey::size_min)
    settings.refuse(key, fmt::format("key has {} bytes: a key has {} at least; `corosync-keygen` "
                                     "makes a file of one",
                                     secret.size(), RootKey::size_min));
  try {
    protection.key = std::make_shared<const RootKey>(std::as_bytes(std::span(secret)));
  } catch (const std::runtime_error& error) {
    settings.refuse(key, error.what());
  }
}

}  // namespace

Protection read_protection(Settings& settings, bool on) {
  Protection protection;
  protection.on = sealed(settings, on);
  if (protection.on) {
    read_cipher(settings, protection);
    read_key_place(settings, protection);
    return protection;
  }
  for (const char* path : {"totem.keyfile", "totem.key"})
    if (settings.has(path))
      settings.notice(path, fmt::format("{} has no effect here: frames are not sealed", path));
  return protection;
}

std::string mistaken_crypto_key(std::string_view section, std::string_view name) {
  const std::string written = lower(name);
  const auto best = std::ranges::min_element(
      names, {}, [&](std::string_view candidate) { return edits(written, candidate); });
  const std::size_t distance = edits(written, *best);
  if (section != "totem") {
    // Short words may well mean something else there.
    if (distance != 0 || best->size() < 7) return {};
    return fmt::format("{} stands in totem{{}}, not here", *best);
  }
  const bool close = distance <= (best->size() < 7 ? 1 : 2);
  if (!close && !written.starts_with("crypto") && !written.starts_with("secauth")) return {};
  return fmt::format(
      "totem.{} is not known; was {} meant? A key that says how frames are "
      "protected is never passed over",
      name, *best);
}

Suite suite_of(const Config& config) noexcept {
  if (!config.protection.on) return Suite::open;
  return config.protection.cipher == Cipher::aes256gcm ? Suite::aes256gcm : Suite::chacha20poly1305;
}

void check_cipher(const Config& config, bool cpu_has_aes) {
  if (!config.protection.on || config.protection.cipher != Cipher::aes256gcm || cpu_has_aes) return;
  refuse(config.file, 0,
         "this processor has no instructions for AES: write `crypto_cipher: chacha20poly1305`, on "
         "all nodes alike");
}

}  // namespace gyre::node
