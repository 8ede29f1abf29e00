#include "cloud/doors/replies.h"

#include <utility>

#include "cloud/doors/answers.h"

namespace chengying::doors {

/// Sees to it that a request is answered when the last copy of its Reply is gone.
struct Replies::Token {
  std::shared_ptr<Replies> replies;
  std::uint64_t id;
  RequestHead head;

  Token(std::shared_ptr<Replies> all, std::uint64_t number, RequestHead request)
      : replies(std::move(all)), id(number), head(std::move(request)) {}
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;
  ~Token() {
    if (!replies->waits(id)) return;
    replies->answer(id, error_answer(head, {Code::kInternal, "a request was dropped without an answer"}));
  }
};

Reply Replies::expect(const RequestHead& head, std::function<void(Response)> deliver) {
  const std::lock_guard lock(mutex_);
  waiting_.emplace(++last_, std::move(deliver));
  return [token = std::make_shared<Token>(shared_from_this(), last_, head)](Response response) {
    token->replies->answer(token->id, std::move(response));
  };
}

void Replies::answer(std::uint64_t id, Response response) {
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  const auto deliver = std::move(found->second);
  waiting_.erase(found);
  deliver(std::move(response));
}

bool Replies::waits(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  return waiting_.contains(id);
}

void Replies::close() {
  // The closures hold connections: they end outside of the lock.
  std::unordered_map<std::uint64_t, std::function<void(Response)>> cut_off;
  const std::lock_guard lock(mutex_);
  cut_off.swap(waiting_);
}

}  // namespace chengying::doors
