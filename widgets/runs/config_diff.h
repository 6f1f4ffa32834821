#pragma once

#include <QDialog>
#include <QString>
#include <map>
#include <vector>

#include "core/values/run.h"

class QCheckBox;
class QLabel;
class QTableWidget;

namespace lvr {

// One thing that two runs were told, side by side.
struct ConfigField {
    QString name, left, right;  // empty: that run was not told
    bool operator==(const ConfigField&) const = default;
};
// Model, data, seed and every option of a run, by name.
std::map<QString, QString> configOf(const RunInfo& info);
// The same of two runs.
std::vector<ConfigField> compareConfigs(const RunInfo& left, const RunInfo& right);

// What differs between two runs; what is equal on demand.
class ConfigDiffDialog : public QDialog {
    Q_OBJECT
public:
    ConfigDiffDialog(const Run& left, const Run& right, QWidget* parent = nullptr);

private:
    void build(const Run& left, const Run& right);
    void fill();

    std::vector<ConfigField> fields_;
    QTableWidget* table_;
    QCheckBox* equal_;
    QLabel* note_;
};

}  // namespace lvr
