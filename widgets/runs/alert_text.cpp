#include "widgets/runs/alert_text.h"

#include <QObject>
#include <QRegularExpression>
#include <algorithm>
#include <map>

namespace lvr {
namespace {

QString withoutNumbers(const std::string& message) {
    static const QRegularExpression number("[-+]?\\d+([.,]\\d+)*(e[-+]?\\d+)?");
    return QString::fromStdString(message).replace(number, "#");
}

}  // namespace

std::vector<FoldedAlert> foldAlerts(const std::vector<Alert>& alerts) {
    std::vector<FoldedAlert> folded;
    std::map<QString, std::size_t> places;
    for (auto alert = alerts.rbegin(); alert != alerts.rend(); ++alert) {
        const auto [place, isNew] =
            places.try_emplace(withoutNumbers(alert->message), folded.size());
        if (isNew)
            folded.push_back({*alert, 1, alert->step});
        else
            ++folded[place->second].count, folded[place->second].firstStep = alert->step;
    }
    return folded;
}

QString alertText(const FoldedAlert& alert) {
    const auto message = QString::fromStdString(alert.newest.message);
    if (alert.count == 1) return message;
    return QObject::tr("%1 (%2 times since step %3)")
        .arg(message)
        .arg(alert.count)
        .arg(alert.firstStep);
}

}  // namespace lvr
