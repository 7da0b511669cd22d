#include "node/exporter.hh"

#include <fmt/format.h>
#include <microhttpd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "node/metrics.hh"
#include "transport/shm/replies.hh"
#include "transport/udp/address.hh"

namespace gyre::node {
namespace {

constexpr std::chrono::seconds answer_patience(3);
constexpr std::size_t connection_memory = 16 << 10;

struct Page {
  unsigned status = MHD_HTTP_OK;
  std::string type = "text/plain; charset=utf-8", text;
};

MHD_Result reply(MHD_Connection* connection, const Page& page) {
  MHD_Response* response = MHD_create_response_from_buffer(
      page.text.size(), const_cast<char*>(page.text.data()), MHD_RESPMEM_MUST_COPY);
  if (!response) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page.type.c_str());
  const MHD_Result queued = MHD_queue_response(connection, page.status, response);
  MHD_destroy_response(response);
  return queued;
}

Page page_of(std::string_view url, std::string_view method, const std::string& run_dir) try {
  if (url != "/metrics") return {.status = MHD_HTTP_NOT_FOUND, .text = "only /metrics is here\n"};
  if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD)
    return {.status = MHD_HTTP_METHOD_NOT_ALLOWED, .text = "only GET and HEAD\n"};
  const shm::Inquiry inquiry(run_dir, "metrics", answer_patience);
  return {.type = std::string(metrics_type), .text = inquiry.read(answer_patience).text};
} catch (const std::exception& error) {
  return {.status = MHD_HTTP_SERVICE_UNAVAILABLE, .text = fmt::format("{}\n", error.what())};
}

MHD_Result serve(void* run_dir, MHD_Connection* connection, const char* url, const char* method,
                 const char*, const char*, std::size_t* body, void**) {
  *body = 0;  // nothing that is sent along is looked at
  return reply(connection, page_of(url, method, *static_cast<std::string*>(run_dir)));
}

}  // namespace

struct Exporter::State {
  std::string run_dir;
  MHD_Daemon* daemon = nullptr;
};

Exporter::Exporter(const MetricsAddress& address, const std::string& run_dir)
    : state_(std::make_unique<State>(State{.run_dir = run_dir})) {
  alignas(sockaddr_storage) const Address at = udp::to_address(address.address, address.port);
  const unsigned v6 = udp::family(at) == AF_INET6 ? MHD_USE_IPv6 : 0;
  errno = 0;
  state_->daemon = MHD_start_daemon(
      MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | v6, address.port, nullptr, nullptr, serve,
      &state_->run_dir, MHD_OPTION_SOCK_ADDR, udp::raw(at), MHD_OPTION_CONNECTION_LIMIT,
      connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT, connections_of_one_max,
      MHD_OPTION_CONNECTION_TIMEOUT, silence_max_s,  //
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory, MHD_OPTION_END);
  if (!state_->daemon)
    throw std::runtime_error(fmt::format("metrics on {} port {}: {}", address.address, address.port,
                                         errno ? std::strerror(errno) : "no HTTP server"));
}

Exporter::~Exporter() {
  MHD_stop_daemon(state_->daemon);
}

}  // namespace gyre::node
