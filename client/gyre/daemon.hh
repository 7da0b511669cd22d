// Where the daemon is, and its errors as the library's.
#pragma once

#include <string>

#include "client/gyre/gyre.hh"
#include "transport/shm/handshake.hh"

namespace gyre::client {

std::string run_dir(const Options& options);
ErrorCode code_of(shm::HandshakeFailure failure) noexcept;

// Runs `call`, with the errors of the handshake turned into ours.
template <typename Call>
auto translated(Call call) {
  try {
    return call();
  } catch (const shm::HandshakeError& error) {
    throw Error(code_of(error.failure()), error.what());
  }
}

}  // namespace gyre::client
