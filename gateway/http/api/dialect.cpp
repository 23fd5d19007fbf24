#include "gateway/http/api/dialect.hpp"

#include <cassert>

namespace emostage::http {

void Dialect::finish(const TurnRecord&, std::string&) { assert(!"this dialect needs no record"); }

}  // namespace emostage::http
