#pragma once

#include <QWidget>
#include <optional>
#include <vector>

#include "core/values/causal.h"

class QAction;
class QSortFilterProxyModel;
class QTableView;
class QToolButton;

namespace lvr {

class InterventionForm;
class InterventionModel;

// The interventions of one question as a table to choose, edit and sort, with what came of each.
class InterventionGrid : public QWidget {
    Q_OBJECT
public:
    explicit InterventionGrid(QWidget* parent = nullptr);

    std::vector<Intervention> all() const;     // as they were added
    std::vector<Intervention> chosen() const;  // those with a check
    std::vector<bool> checks() const;
    void setAll(const std::vector<Intervention>& all, const std::vector<bool>& checks = {});
    void setRegions(const std::vector<Box>& regions);  // that are drawn in Ask
    void setPicture(const QImage& picture, PatchGrid grid);
    void setOutcome(const InterventionOutcome& outcome);
    void clearOutcomes();
    std::vector<InterventionOutcome> outcomes() const;
    std::optional<InterventionOutcome> current() const;  // what came of the selected one
    void select(int intervention);                       // of all()

Q_SIGNALS:
    void changed();  // by a person: other interventions, or others are chosen
    void currentChanged();

private:
    void build();
    void buildTable();
    QToolButton* makeAdd();
    void wire();
    int currentRow() const;  // of the model; -1: none
    void add(const Intervention& intervention);
    void duplicate();
    void removeCurrent();
    void offerForCurrent();
    void joinImpossible();

    InterventionModel* model_;
    QSortFilterProxyModel* sorted_;
    QTableView* table_;
    InterventionForm* form_;
    QAction *duplicate_, *remove_;
    std::vector<Box> regions_;
};

}  // namespace lvr
