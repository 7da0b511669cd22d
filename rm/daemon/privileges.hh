// Who gyre-rm is, once it has what only root may open.
#pragma once

#include <string>

namespace gyre::rm::daemon {

// Hands the directory over to that user, whom this process then is, for good, in all its threads.
// False: there is no such user, or this process is not root; nothing was done. Throws
// std::system_error naming the call.
bool become(const std::string& user, const std::string& directory);

}  // namespace gyre::rm::daemon
