#include "report/report.h"

#ifdef ASSAY_REPORT_PAGE
extern "C" const unsigned char assay_report_page[], assay_report_page_end[];
#endif

namespace assay {

std::string_view report_template() {
#ifdef ASSAY_REPORT_PAGE
  return {reinterpret_cast<const char*>(assay_report_page),
          static_cast<std::size_t>(assay_report_page_end - assay_report_page)};
#else
  return {};
#endif
}

}  // namespace assay
