#pragma once

#include <QAbstractTableModel>
#include <QImage>
#include <optional>
#include <vector>

#include "core/values/causal.h"

namespace lvr {

// One intervention of a panel and what came of it.
struct PanelRow {
    Intervention intervention;
    bool isChosen = true;
    std::optional<InterventionOutcome> outcome = {};  // none: not asked since it was changed
};

// The interventions of one question: which are asked, and what each made of the answer.
class InterventionModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Answer, Original, Gold, Divergence, Margin, Donor, Heat, ColumnCount };
    enum Role {
        SortRole = Qt::UserRole,  // of effects: larger is stronger
        BarRole,                  // double; none: no bar
        MostRole,                 // the largest bar of the column
        ImpossibleRole,           // the sentence, in any column of such a row
        FlippedRole,              // bool, when the answer is another one
        PictureRole,              // QImage: the picture under the heat
    };

    explicit InterventionModel(QObject* parent = nullptr);
    void setRows(std::vector<PanelRow> rows);
    const std::vector<PanelRow>& rows() const { return rows_; }
    void insert(int at, const Intervention& intervention);
    void remove(int row);
    void change(int row, const Intervention& intervention);  // its outcome is gone
    void chooseAll(bool chosen);
    void setPicture(const QImage& picture, PatchGrid grid);  // under the heat
    void setOutcome(const InterventionOutcome& outcome);     // of the row that asks for it
    void clearOutcomes();

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

Q_SIGNALS:
    void chosenChanged();

private:
    std::optional<double> barOf(const PanelRow& row, int column) const;
    QString textOf(const PanelRow& row, int column) const;
    QString tipOf(const PanelRow& row, int column) const;
    QVariant sortKeyOf(const PanelRow& row, int column) const;
    void measure();

    std::vector<PanelRow> rows_;
    std::vector<QImage> heat_;  // one a row, null where there is none
    std::vector<double> most_;  // one a column
    QImage picture_;
    PatchGrid grid_;
};

}  // namespace lvr
