#pragma once

#include <QWidget>

#include "widgets/compare/strategy.h"

class QLineEdit;

namespace lvr {

class DecodeForm;
class ExitRuleForm;

// The fields of one strategy. What they have no place for stays as it was given: a given thought,
// more decimals than are shown.
class StrategyForm : public QWidget {
    Q_OBJECT
public:
    explicit StrategyForm(QWidget* parent = nullptr);
    Strategy strategy() const;
    void setStrategy(const Strategy& strategy);  // says nothing
    void clearName();                            // likewise

Q_SIGNALS:
    void edited(const lvr::Strategy& strategy);

private:
    void build();
    void wire();
    void report();
    void browse();

    Strategy given_;
    bool filling_ = false;
    QLineEdit* name_;
    ExitRuleForm* exit_;
    DecodeForm* decode_;
    QLineEdit* model_;
};

}  // namespace lvr
